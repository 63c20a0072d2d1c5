#include "daemon/trial/line_diff.h"

#include <gtest/gtest.h>

#include <random>

namespace millrace::trial {
namespace {

std::vector<std::string> lines(std::string_view letters) {
  std::vector<std::string> all;
  for (const char letter : letters) all.emplace_back(1, letter);
  return all;
}

std::string shown(const std::vector<DiffLine>& diff) {
  std::string text;
  for (const DiffLine& line : diff) {
    text += (line.kind == DiffLine::Kind::kSame      ? " "
             : line.kind == DiffLine::Kind::kRemoved ? "-"
                                                     : "+") +
            line.text;
  }
  return text;
}

std::string diff(std::string_view before, std::string_view after) {
  return shown(diff_lines(lines(before), lines(after)));
}

TEST(LineDiffTest, ShowsTheFewestDifferences) {
  EXPECT_EQ(diff("", ""), "");
  EXPECT_EQ(diff("abc", "abc"), " a b c");
  EXPECT_EQ(diff("", "ab"), "+a+b");
  EXPECT_EQ(diff("ab", ""), "-a-b");
  EXPECT_EQ(diff("abc", "axc"), " a-b+x c");
  EXPECT_EQ(diff("aab", "ab"), " a-a b");
  EXPECT_EQ(diff("abcdef", "xbcdey"), "-a+x b c d e-f+y");
}

// The longest common subsequence by its definition.
size_t common(std::string_view before, std::string_view after) {
  std::vector<std::vector<size_t>> of(before.size() + 1, std::vector<size_t>(after.size() + 1, 0));
  for (size_t i = 1; i <= before.size(); ++i) {
    for (size_t j = 1; j <= after.size(); ++j) {
      of[i][j] = before[i - 1] == after[j - 1] ? of[i - 1][j - 1] + 1
                                               : std::max(of[i - 1][j], of[i][j - 1]);
    }
  }
  return of[before.size()][after.size()];
}

TEST(LineDiffTest, AgreesWithTheDefinitionForAnyTexts) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string before(random() % 12, ' ');
    std::string after(random() % 12, ' ');
    for (char& letter : before) letter = static_cast<char>('a' + random() % 3);
    for (char& letter : after) letter = static_cast<char>('a' + random() % 3);
    std::string left;
    std::string right;
    size_t same = 0;
    for (const DiffLine& line : diff_lines(lines(before), lines(after))) {
      same += line.kind == DiffLine::Kind::kSame ? 1 : 0;
      if (line.kind != DiffLine::Kind::kAdded) left += line.text;
      if (line.kind != DiffLine::Kind::kRemoved) right += line.text;
    }
    ASSERT_EQ(left, before);
    ASSERT_EQ(right, after);
    ASSERT_EQ(same, common(before, after)) << before << " " << after;
  }
}

TEST(LineDiffTest, TooManyDifferencesAreOneChange) {
  std::vector<std::string> before(3000);
  std::vector<std::string> after(3000);
  for (size_t i = 0; i < before.size(); ++i) {
    before[i] = "a" + std::to_string(i);
    after[i] = "b" + std::to_string(i);
  }
  const std::vector<DiffLine> diff = diff_lines(before, after);
  ASSERT_EQ(diff.size(), 6000u);
  EXPECT_EQ(diff.front(), (DiffLine{DiffLine::Kind::kRemoved, "a0"}));
  EXPECT_EQ(diff.back(), (DiffLine{DiffLine::Kind::kAdded, "b2999"}));
}

}  // namespace
}  // namespace millrace::trial
