#include "base/text_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

TEST(TextPatternTest, StarStandsForAnyRun) {
  EXPECT_TRUE(matches_pattern("", ""));
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("a*c", "ac"));
  EXPECT_TRUE(matches_pattern("a*c", "abcbc"));
  EXPECT_TRUE(matches_pattern("*.example", "a.b.example"));
  EXPECT_TRUE(matches_pattern("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches_pattern("", "a"));
  EXPECT_FALSE(matches_pattern("a*c", "acb"));
  EXPECT_FALSE(matches_pattern("*.example", "a.example.evil"));
  EXPECT_FALSE(matches_pattern("a.example", std::string("a.example\0.evil", 15)));
}

TEST(TextPatternTest, ManyStarsStayQuick) {
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "a*";
  EXPECT_FALSE(matches_pattern(pattern + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace millrace
