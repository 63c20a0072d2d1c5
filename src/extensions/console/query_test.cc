#include "extensions/console/query.h"

#include <gtest/gtest.h>

namespace millrace::extensions::console {
namespace {

TEST(QueryTest, NamesAndValuesAreDecoded) {
  const auto query = Query::parse("a=1&b=x%20y+z&attribute=k%3Dv&attribute=w&flag&&c=%C3%A9");
  ASSERT_TRUE(query.has_value());
  EXPECT_EQ(query->text("b"), "x y z");
  EXPECT_EQ(query->text("c"), "é");
  EXPECT_EQ(query->all("attribute"), (std::vector<std::string>{"k=v", "w"}));
  EXPECT_TRUE(query->has("flag"));
  EXPECT_EQ(query->text("missing"), "");
}

TEST(QueryTest, WhatIsNotUtf8OrNotEncodedIsRefused) {
  for (const char* text : {"a=%", "a=%4", "a=%zz", "a=%ff", "%ff=1"}) {
    EXPECT_FALSE(Query::parse(text).has_value()) << text;
  }
  std::string many;
  for (int i = 0; i < 101; ++i) many += "a=1&";
  EXPECT_FALSE(Query::parse(many).has_value());
}

TEST(QueryTest, ValuesHaveTypes) {
  const auto query = Query::parse("n=5&r=1.5&b=true&big=99999999999999999999&bad=x&inf=inf");
  EXPECT_EQ(query->number("n", 0, 1, 9).value(), 5u);
  EXPECT_EQ(query->number("none", 7, 1, 9).value(), 7u);
  EXPECT_FALSE(query->number("n", 0, 6, 9).has_value());
  EXPECT_FALSE(query->number("big", 0, 0, UINT64_MAX).has_value());
  EXPECT_EQ(query->real("r", 0).value(), 1.5);
  EXPECT_FALSE(query->real("inf", 0).has_value());
  EXPECT_TRUE(query->boolean("b", false).value());
  EXPECT_FALSE(query->boolean("bad", false).has_value());
}

}  // namespace
}  // namespace millrace::extensions::console
