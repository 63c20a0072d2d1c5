#include "io/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/bytes.h"

namespace millrace::io {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() : system_(make_file_system()) {
    std::string pattern = testing::TempDir() + "millrace-file-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  static std::string content_of(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  std::unique_ptr<FileSystem> system_;
  std::string directory_;
};

TEST_F(FileTest, AppendsCutsBackAndGoesOnAtTheCut) {
  const std::string path = directory_ + "/a";
  auto file = system_->open(path, OpenMode::kAppend);
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->write(as_span("hello")), 5u);
  EXPECT_TRUE((*file)->truncate(2));
  EXPECT_EQ((*file)->write(as_span("y")), 1u);
  EXPECT_EQ((*file)->size(), 3u);
  EXPECT_EQ(content_of(path), "hey");
  file = system_->open(path, OpenMode::kAppend);
  EXPECT_EQ((*file)->write(as_span("!")), 1u);
  EXPECT_EQ(content_of(path), "hey!");
  file = system_->open(path, OpenMode::kTruncate);
  EXPECT_EQ(content_of(path), "");
}

TEST_F(FileTest, AFifoIsRefusedWithoutWaitingForAReader) {
  const std::string path = directory_ + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  for (const OpenMode mode : {OpenMode::kAppend, OpenMode::kTruncate}) {
    const auto file = system_->open(path, mode);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().message, "opening " + path + ": it is a fifo, not a regular file");
  }
  EXPECT_EQ(system_->read_head(path, 10), "");
}

TEST_F(FileTest, AnotherUsersFileIsNotEmptied) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to make another user's file";
  const std::string path = directory_ + "/theirs";
  std::ofstream(path) << "theirs";
  ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
  const auto file = system_->open(path, OpenMode::kTruncate);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("another user (12345)"), std::string::npos);
  EXPECT_EQ(content_of(path), "theirs");
  EXPECT_TRUE(system_->open(path, OpenMode::kAppend));
}

TEST_F(FileTest, TheHeadOfAFileCanBeLookedAt) {
  std::ofstream(directory_ + "/a") << "hello";
  EXPECT_EQ(system_->read_head(directory_ + "/a", 3), "hel");
  EXPECT_EQ(system_->read_head(directory_ + "/a", 30), "hello");
  EXPECT_EQ(system_->read_head(directory_ + "/none", 3), "");
}

// The process's standard output may be a file that others write to, or a pipe without a reader.
TEST_F(FileTest, StandardOutputIsNeitherEmptiedNorWaitedFor) {
  const int before = ::dup(STDOUT_FILENO);
  const std::string path = directory_ + "/out";
  const int out = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND, 0600);
  ASSERT_EQ(::write(out, "before\n", 7), 7);
  ::dup2(out, STDOUT_FILENO);
  {
    const auto file = system_->open("/dev/stdout", OpenMode::kTruncate);
    ASSERT_TRUE(file);
    EXPECT_FALSE((*file)->is_regular());
    EXPECT_EQ((*file)->write(as_span("record\n")), 7u);
    EXPECT_EQ((*file)->size(), 7u);
    EXPECT_TRUE((*file)->truncate(0));
  }
  EXPECT_EQ(content_of(path), "before\nrecord\n");
  std::signal(SIGPIPE, SIG_IGN);  // the thread may still write when the pipe is closed
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::dup2(ends[1], STDOUT_FILENO);
  {
    const auto file = system_->open("/dev/stdout", OpenMode::kAppend);
    const std::string record(1 << 20, 'x');
    Result<size_t> written = (*file)->write(as_span(record));
    for (int i = 0; i < 10 && written; ++i) written = (*file)->write(as_span(record));
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().message, "writing /dev/stdout: it has no reader any more");
  }
  ::dup2(before, STDOUT_FILENO);
  for (const int descriptor : {before, out, ends[0], ends[1]}) ::close(descriptor);
}

TEST_F(FileTest, DirectoriesAreMadeListedAndEmptied) {
  const std::string inner = directory_ + "/b/c";
  EXPECT_TRUE(system_->create_directories(inner, 0755));
  EXPECT_TRUE(system_->create_directories(inner, 0755));
  ASSERT_TRUE(system_->open(inner + "/x", OpenMode::kAppend));
  EXPECT_TRUE(system_->rename(inner + "/x", inner + "/y"));
  EXPECT_EQ(system_->list(inner), std::vector<std::string>{"y"});
  EXPECT_TRUE(system_->remove(inner + "/y"));
  EXPECT_EQ(system_->list(inner), std::vector<std::string>{});
}

TEST_F(FileTest, ErrorsNameThePathAndTheReason) {
  const auto missing = system_->open(directory_ + "/no/file", OpenMode::kAppend);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message,
            "opening " + directory_ + "/no/file: No such file or directory");
  const auto full = system_->open("/dev/full", OpenMode::kAppend);
  if (!full) GTEST_SKIP() << "no /dev/full here";
  const auto written = (*full)->write(as_span("x"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "writing /dev/full: No space left on device");
}

}  // namespace
}  // namespace millrace::io
