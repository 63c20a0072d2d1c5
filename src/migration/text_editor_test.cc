#include "migration/text_editor.h"

#include <gtest/gtest.h>

namespace millrace::migration {
namespace {

Edit at(Edit::Kind kind, int line, int column, std::string before, std::string after = "") {
  return {.kind = kind,
          .place = {"a.yaml", line, column},
          .before = std::move(before),
          .after = std::move(after)};
}

TEST(TextEditorTest, AWordIsReplacedWithItsQuotes) {
  const auto replace = [](std::string_view text, const Edit& edit) {
    return edit_text(text, {edit}).value_or("no");
  };
  using enum Edit::Kind;
  EXPECT_EQ(replace("a: b\n", at(kReplace, 1, 4, "b", "c")), "a: c\n");
  EXPECT_EQ(replace("a: 'b' # x\n", at(kReplace, 1, 4, "b", "c/d")), "a: c/d # x\n");
  EXPECT_EQ(replace("a: b", at(kReplace, 1, 4, "b", "1")), "a: \"1\"\n");
  EXPECT_EQ(replace("a: b", at(kReplace, 1, 4, "b", "x: y")), "a: \"x: y\"\n");
}

TEST(TextEditorTest, AnotherWordAtThePlaceStopsAll) {
  using enum Edit::Kind;
  EXPECT_FALSE(edit_text("a: b\n", {at(kReplace, 1, 4, "c", "d")}).has_value());
  EXPECT_FALSE(edit_text("a: b\n", {at(kReplace, 2, 1, "a", "d")}).has_value());
  EXPECT_FALSE(edit_text("a: b\n", {at(kReplace, 0, 0, "a", "d")}).has_value());
  EXPECT_FALSE(edit_text("a: 'b\n", {at(kReplace, 1, 4, "b", "d")}).has_value());
}

TEST(TextEditorTest, AnElementGoesWithOneComma) {
  const auto remove = [](std::string_view text, int column) {
    return edit_text(text, {at(Edit::Kind::kRemoveElement, 1, column, "x")}).value_or("no");
  };
  EXPECT_EQ(remove("[x, b]", 2), "[b]\n");
  EXPECT_EQ(remove("[b, x]", 5), "[b]\n");
  EXPECT_EQ(remove("[b,x]", 4), "[b]\n");
  EXPECT_EQ(remove("[x]", 2), "[]\n");
  EXPECT_EQ(remove("- x", 3), "");
}

TEST(TextEditorTest, AKeyGoesWithAllBelowIt) {
  const auto remove = [](std::string_view text, int line, int column) {
    return edit_text(text, {at(Edit::Kind::kRemoveEntry, line, column, "x")}).value_or("no");
  };
  EXPECT_EQ(remove("a:\n  x:\n    - 1\n    # inner\n    - 2\n  # next\n  y: 1\n", 2, 3),
            "a:\n  # next\n  y: 1\n");
  EXPECT_EQ(remove("x:\n- 1\n- 2\ny: 1\n", 1, 1), "y: 1\n");
  EXPECT_EQ(remove("{a: 1, x: {b: [1, 2]}, c: '}'}\n", 1, 8), "{a: 1, c: '}'}\n");
}

}  // namespace
}  // namespace millrace::migration
