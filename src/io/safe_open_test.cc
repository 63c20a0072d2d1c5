#include "io/safe_open.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace millrace::io {
namespace {

constexpr int kWrite = O_WRONLY | O_CREAT;

class SafeOpenTest : public testing::Test {
 protected:
  SafeOpenTest() {
    std::string pattern = testing::TempDir() + "millrace-open-XXXXXX";
    own_ = ::mkdtemp(pattern.data());
    shared_ = own_ + "/shared";
    ::mkdir(shared_.c_str(), 0777);
    ::chmod(shared_.c_str(), 01777);
    std::ofstream(own_ + "/precious") << "precious";
  }
  static std::string refused(const std::string& path, int flags = kWrite) {
    const auto opened = safe_open(path, flags);
    return opened ? "opened" : opened.error().message;
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status = {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }
  std::string own_;     // a directory that only this user may write in
  std::string shared_;  // a directory that every user may write in
};

TEST_F(SafeOpenTest, NewFilesAreClosedToOthers) {
  const mode_t before = ::umask(0);
  EXPECT_EQ(refused(own_ + "/a"), "opened");
  EXPECT_EQ(mode_of(own_ + "/a"), 0640u);
  ::umask(077);
  EXPECT_EQ(refused(shared_ + "/b"), "opened");
  EXPECT_EQ(mode_of(shared_ + "/b"), 0600u);
  ::umask(before);
}

TEST_F(SafeOpenTest, AnOwnFileIsOpenedAgainAndNotEmptied) {
  for (const std::string& path : {own_ + "/a", shared_ + "/a", own_ + "/./shared/../shared//a"}) {
    std::ofstream(path) << "text";
    const auto opened = safe_open(path, kWrite);
    ASSERT_TRUE(opened) << opened.error().message;
    struct stat status = {};
    ::fstat(opened->get(), &status);
    EXPECT_EQ(status.st_size, 4);
  }
}

TEST_F(SafeOpenTest, ALinkWhereOthersMayWriteIsNotFollowed) {
  ASSERT_EQ(::symlink((own_ + "/precious").c_str(), (shared_ + "/out").c_str()), 0);
  EXPECT_NE(refused(shared_ + "/out").find("symbolic link"), std::string::npos);
  ASSERT_EQ(::symlink((own_ + "/new").c_str(), (shared_ + "/dangling").c_str()), 0);
  EXPECT_NE(refused(shared_ + "/dangling").find("symbolic link"), std::string::npos);
  EXPECT_NE(::access((own_ + "/new").c_str(), F_OK), 0) << "made where the link points";
  ASSERT_EQ(::symlink(own_.c_str(), (shared_ + "/way").c_str()), 0);
  EXPECT_NE(refused(shared_ + "/way/precious").find("symbolic link"), std::string::npos);
}

TEST_F(SafeOpenTest, ALinkWhereOnlyThisUserMayWriteIsFollowed) {
  ASSERT_EQ(::symlink("precious", (own_ + "/out").c_str()), 0);
  EXPECT_EQ(refused(own_ + "/out"), "opened");
  ASSERT_EQ(::symlink((own_ + "/new").c_str(), (own_ + "/dangling").c_str()), 0);
  EXPECT_EQ(refused(own_ + "/dangling"), "opened");
  EXPECT_EQ(::access((own_ + "/new").c_str(), F_OK), 0);

  ASSERT_EQ(::symlink("loop", (own_ + "/loop").c_str()), 0);
  EXPECT_NE(refused(own_ + "/loop").find("symbolic links"), std::string::npos);
}

TEST_F(SafeOpenTest, AFileWithASecondNameIsRefusedWhereOthersMayWrite) {
  ASSERT_EQ(::link((own_ + "/precious").c_str(), (shared_ + "/out").c_str()), 0);
  EXPECT_NE(refused(shared_ + "/out").find("another name"), std::string::npos);
  EXPECT_EQ(refused(own_ + "/precious"), "opened") << "here nobody else can have put it";
}

TEST_F(SafeOpenTest, AnotherUsersFileIsRefusedWhereOthersMayWrite) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to make another user's file";
  std::ofstream(shared_ + "/theirs") << "theirs";
  ASSERT_EQ(::chown((shared_ + "/theirs").c_str(), 12345, 12345), 0);
  EXPECT_NE(refused(shared_ + "/theirs").find("another user (12345)"), std::string::npos);
  ASSERT_EQ(::chown(own_.c_str(), 12345, 12345), 0);  // another user owns the directory now
  std::ofstream(own_ + "/ours") << "ours";
  EXPECT_EQ(refused(own_ + "/ours"), "opened");
  EXPECT_EQ(refused(own_ + "/new"), "opened");
  ASSERT_EQ(::chown((own_ + "/precious").c_str(), 12345, 12345), 0);
  EXPECT_NE(refused(own_ + "/precious").find("another user"), std::string::npos);
}

TEST_F(SafeOpenTest, FilesThatMayBlockAreRefusedAtOnce) {
  ASSERT_EQ(::mkfifo((own_ + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(refused(own_ + "/fifo"), "opening " + own_ + "/fifo: it is a fifo, not a regular file");
  EXPECT_NE(refused(own_ + "/fifo", O_RDONLY).find("a fifo"), std::string::npos);
  EXPECT_NE(refused(own_ + "/shared").find("a directory"), std::string::npos);
  EXPECT_NE(refused("/dev/tty").find("a device"), std::string::npos);
  EXPECT_EQ(refused("/dev/null"), "opened");
}

TEST_F(SafeOpenTest, ErrorsNameThePathAndTheReason) {
  EXPECT_EQ(refused(own_ + "/no/file"), "opening " + own_ + "/no/file: No such file or directory");
  EXPECT_EQ(refused(own_ + "/none", O_RDONLY),
            "opening " + own_ + "/none: No such file or directory");
  EXPECT_EQ(refused(own_ + "/precious/x"), "opening " + own_ + "/precious/x: Not a directory");
  EXPECT_EQ(refused(own_ + "/x/"), "opening " + own_ + "/x/: Is a directory");
  EXPECT_EQ(refused(""), "opening : No such file or directory");
  EXPECT_EQ(refused("/"), "opening /: Is a directory");
  EXPECT_EQ(refused(own_ + "/precious", kWrite | O_EXCL),
            "opening " + own_ + "/precious: File exists");
  EXPECT_EQ(safe_open(own_ + "/no/file", kWrite).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace millrace::io
