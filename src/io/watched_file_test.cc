#include "io/watched_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "io/testing/test_certificates.h"

namespace millrace::io {
namespace {

void write_in_place(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

TEST(WatchedFileTest, ReturnsTheTextOnceAndThenOnlyChanges) {
  testing::TemporaryFolder folder;
  WatchedFile file(folder.write("token", "one"));
  EXPECT_EQ(file.read_if_changed().value(), "one");
  EXPECT_EQ(file.read_if_changed().value(), std::nullopt);
  folder.write("token", "two");  // replaced by a rename
  EXPECT_EQ(file.read_if_changed().value(), "two");
  EXPECT_EQ(file.read_if_changed().value(), std::nullopt);
}

TEST(WatchedFileTest, SameSizeWithinOneTickOfTheClockIsFound) {
  testing::TemporaryFolder folder;
  const std::string path = folder.write("token", "aaa");
  WatchedFile file(path);
  EXPECT_EQ(file.read_if_changed().value(), "aaa");
  for (const std::string text : {"bbb", "ccc", "ddd", "eee"}) {
    write_in_place(path, text);
    EXPECT_EQ(file.read_if_changed().value(), text);
  }
}

TEST(WatchedFileTest, LinkThatPointsElsewhereIsAChange) {
  testing::TemporaryFolder folder;
  const std::string old_target = folder.write("old", "old");
  const std::string new_target = folder.write("new", "new");
  const std::string link = folder.path() + "/link";
  ASSERT_EQ(::symlink(old_target.c_str(), link.c_str()), 0);
  WatchedFile file(link);
  EXPECT_EQ(file.read_if_changed().value(), "old");
  ASSERT_EQ(::unlink(link.c_str()), 0);
  ASSERT_EQ(::symlink(new_target.c_str(), link.c_str()), 0);
  EXPECT_EQ(file.read_if_changed().value(), "new");
}

TEST(WatchedFileTest, MissingFileIsReportedOnceAndReadWhenItAppears) {
  testing::TemporaryFolder folder;
  WatchedFile file(folder.path() + "/token");
  const auto missing = file.read_if_changed();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_NE(missing.error().message.find("/token: No such file"), std::string::npos);
  EXPECT_EQ(file.read_if_changed().value(), std::nullopt);
  folder.write("token", "here");
  EXPECT_EQ(file.read_if_changed().value(), "here");
}

TEST(WatchedFileTest, LargeFilesAndDirectoriesAreRefused) {
  testing::TemporaryFolder folder;
  WatchedFile large(folder.write("large", std::string(WatchedFile::kBytesMax + 1, 'x')));
  EXPECT_EQ(large.read_if_changed().error().code, Code::kInvalidArgument);
  WatchedFile directory(folder.path());
  EXPECT_FALSE(directory.read_if_changed());
}

}  // namespace
}  // namespace millrace::io
