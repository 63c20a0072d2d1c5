#include "io/writable_place.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace millrace::io {
namespace {

using enum MissingDirectory;
namespace fs = std::filesystem;

class WritablePlaceTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(directory_); }
  void TearDown() override {
    fs::permissions(directory_, fs::perms::owner_all);
    fs::remove_all(directory_);
  }
  std::string at(const std::string& name) const { return directory_ + "/" + name; }

  const std::string directory_ =
      testing::TempDir() + "millrace_writable_place." + std::to_string(::getpid());
};

TEST_F(WritablePlaceTest, ADirectoryMustExistUnlessItIsCreated) {
  EXPECT_TRUE(check_directory(directory_, kIsAnError));
  const Status missing = check_directory(at("a/b"), kIsAnError);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_NE(missing.error().message.find(at("a/b")), std::string::npos);
  EXPECT_TRUE(check_directory(at("a/b"), kIsMade));
  EXPECT_FALSE(fs::exists(at("a"))) << "nothing is made";
}

TEST_F(WritablePlaceTest, AFileInTheWayIsNoDirectory) {
  std::ofstream(at("file")) << "text";
  EXPECT_EQ(check_directory(at("file"), kIsMade).error().code, Code::kFailedPrecondition);
  EXPECT_FALSE(check_directory(at("file/below"), kIsMade));
  EXPECT_FALSE(check_file(at("file/below"), kIsMade));
  EXPECT_TRUE(check_file(at("file"), kIsAnError));
  EXPECT_FALSE(check_file(directory_, kIsAnError));
}

TEST_F(WritablePlaceTest, AFileNeedsItsDirectory) {
  EXPECT_TRUE(check_file(at("new"), kIsAnError));
  EXPECT_FALSE(check_file(at("a/new"), kIsAnError));
  EXPECT_TRUE(check_file(at("a/new"), kIsMade));
}

TEST_F(WritablePlaceTest, AnUnwritableDirectoryIsRefused) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  std::ofstream(at("file")) << "text";
  fs::permissions(at("file"), fs::perms::owner_read);
  fs::permissions(directory_, fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(check_directory(directory_, kIsMade).error().code, Code::kPermissionDenied);
  EXPECT_FALSE(check_directory(at("a/b"), kIsMade));
  EXPECT_FALSE(check_file(at("file"), kIsMade));
}

}  // namespace
}  // namespace millrace::io
