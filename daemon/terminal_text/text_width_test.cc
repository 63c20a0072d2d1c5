#include "daemon/terminal_text/text_width.h"

#include <gtest/gtest.h>

namespace millrace::terminal_text {
namespace {

TEST(TextWidthTest, WideAndCombiningCharactersAreCounted) {
  EXPECT_EQ(text_width(""), 0u);
  EXPECT_EQ(text_width("abc"), 3u);
  EXPECT_EQ(text_width("größe"), 5u);
  EXPECT_EQ(text_width("日本"), 4u);
  EXPECT_EQ(text_width("e\u0301"), 1u);
  EXPECT_EQ(text_width("🚀"), 2u);
}

TEST(TextWidthTest, ACutTextEndsWithAMark) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdef", 4), "abc…");
  EXPECT_EQ(cut_to_width("abcdef", 1), "…");
  EXPECT_EQ(cut_to_width("abcdef", 0), "");
  EXPECT_EQ(cut_to_width("日本語", 6), "日本語");
  EXPECT_EQ(cut_to_width("日本語", 5), "日本…");
  EXPECT_EQ(cut_to_width("日本語", 4), "日…");
}

TEST(TextWidthTest, AFittedTextHasTheWidth) {
  EXPECT_EQ(fit_to_width("ab", 4), "ab  ");
  EXPECT_EQ(fit_to_width("日本語", 4), "日… ");
}

}  // namespace
}  // namespace millrace::terminal_text
