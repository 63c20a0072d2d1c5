#include "base/url_escape.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(UrlEscapeTest, EscapesBecomeBytes) {
  EXPECT_EQ(unescape_url("a%20b%2fc%2F", UrlPart::kPath), "a b/c/");
  EXPECT_EQ(unescape_url("%ff", UrlPart::kQuery), "\xff");
  EXPECT_EQ(unescape_url("", UrlPart::kQuery), "");
}

TEST(UrlEscapeTest, PlusIsABlankOnlyInQueries) {
  EXPECT_EQ(unescape_url("a+b", UrlPart::kQuery), "a b");
  EXPECT_EQ(unescape_url("a+b", UrlPart::kPath), "a+b");
}

TEST(UrlEscapeTest, AnIncompleteEscapeIsNone) {
  for (const char* text : {"%", "a%", "%4", "%4g", "%g4", "%%41"}) {
    EXPECT_EQ(unescape_url(text, UrlPart::kQuery), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace millrace
