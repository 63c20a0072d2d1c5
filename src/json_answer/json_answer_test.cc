#include "json_answer/json_answer.h"

#include <gtest/gtest.h>

namespace millrace::json_answer {
namespace {

TEST(JsonAnswerTest, PlacesAreReadAndOthersAreEmpty) {
  const auto answer = JsonAnswer::parse(
      R"({"a":{"B":"x","n":7,"f":2.9,"d":"30","big":1e300},"l":[{"k":"1"},2,{"k":"3"}],"A2":"\u00e9"})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->text("a.b"), "x") << "upper and lower case are the same";
  EXPECT_EQ(answer->text("a2"), "\xc3\xa9");
  EXPECT_EQ(answer->text("a.n"), "");
  EXPECT_EQ(answer->text("a.b.c"), "");
  EXPECT_EQ(answer->text("none"), "");
  EXPECT_EQ(answer->number("a.n"), 7);
  EXPECT_EQ(answer->number("a.f"), 2);
  EXPECT_EQ(answer->number("a.d"), 30);
  EXPECT_GT(answer->number("a.big").value_or(0), int64_t{1} << 60);
  EXPECT_EQ(answer->number("a.b"), std::nullopt);
  std::string keys;
  answer->each("l", [&](const JsonAnswer& each) { keys += each.text("k"); });
  EXPECT_EQ(keys, "13");
  answer->each_text("a", [&](std::string_view name, std::string_view text) {
    keys += std::string(name) + "=" + std::string(text) + " ";
  });
  EXPECT_EQ(keys, "13B=x d=30 ");
}

TEST(JsonAnswerTest, NumbersFlagsAndLists) {
  const auto answer =
      JsonAnswer::parse(R"({"r":1.5,"i":2,"s":"3","t":true,"f":false,"l":["a",1,"b"],)"
                        R"("m":{"x":1,"y":2.9,"z":"w","q":null}})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->real("r"), 1.5);
  EXPECT_EQ(answer->real("i"), 2.0);
  EXPECT_EQ(answer->real("s"), std::nullopt);
  EXPECT_TRUE(answer->flag("t"));
  EXPECT_FALSE(answer->flag("f"));
  EXPECT_FALSE(answer->flag("i"));
  EXPECT_EQ(answer->texts("l"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(answer->texts("m").empty());
  double sum = 0;
  answer->each_real("l", [&](double real) { sum += real; });
  EXPECT_EQ(sum, 1);
  std::string members;
  answer->each_number("m", [&](std::string_view name, int64_t number) {
    members += std::string(name) + "=" + std::to_string(number) + " ";
  });
  EXPECT_EQ(members, "x=1 y=2 ");
}

TEST(JsonAnswerTest, TheLastMemberOfANameCounts) {
  EXPECT_EQ(JsonAnswer::parse(R"({"a":"1","A":"2"})")->text("a"), "2");
}

TEST(JsonAnswerTest, OtherTextsAreErrors) {
  for (const std::string text :
       {"", "<html>", "[]", "null", "7", "{\"a\":", "{} {}", "{\"a\":\"\xff\"}"}) {
    EXPECT_FALSE(JsonAnswer::parse(text)) << text;
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "{\"a\":";
  EXPECT_FALSE(JsonAnswer::parse(deep + "1" + std::string(100, '}')));
}

}  // namespace
}  // namespace millrace::json_answer
