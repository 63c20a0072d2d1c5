#include "extensions/console/page/page_files.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace millrace::extensions::console {
namespace {

TEST(PageFiles, BeginWithTheIndex) {
  ASSERT_FALSE(page_files().empty());
  EXPECT_EQ(page_files().front().path, "/index.html");
  EXPECT_EQ(page_files().front().content_type, "text/html; charset=utf-8");
}

TEST(PageFiles, AreCompressedAndHaveATypeAndAPathOfTheirOwn) {
  std::set<std::string_view> paths;
  for (const PageFile& file : page_files()) {
    EXPECT_TRUE(file.path.starts_with('/')) << file.path;
    EXPECT_TRUE(paths.insert(file.path).second) << file.path;
    EXPECT_NE(file.content_type, "") << file.path;
    ASSERT_GT(file.gzip.size(), 18U) << file.path;  // RFC 1952: header and trailer
    EXPECT_EQ(file.gzip[0], 0x1f) << file.path;
    EXPECT_EQ(file.gzip[1], 0x8b) << file.path;
  }
}

TEST(PageFiles, AreSmallTogether) {
  size_t bytes = 0;
  for (const PageFile& file : page_files()) bytes += file.gzip.size();
  EXPECT_LT(bytes, 150'000U);
}

}  // namespace
}  // namespace millrace::extensions::console
