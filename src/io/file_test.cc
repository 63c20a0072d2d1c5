#include "io/file.h"

#include <gtest/gtest.h>

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
