#include "daemon/trial/json_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::trial {
namespace {

using ::testing::ElementsAre;

TEST(JsonLinesTest, ShortValuesStayOnALine) {
  EXPECT_THAT(*json_lines(R"({"a":[1,{"b":"c"}]})"), ElementsAre(R"({"a":[1,{"b":"c"}]})"));
}

TEST(JsonLinesTest, LongValuesAreIndented) {
  const std::string text(60, 'x');
  EXPECT_THAT(*json_lines(R"({"list":[")" + text + R"(",")" + text + R"("],"n":1})"),
              ElementsAre("{", "  \"list\": [", "    \"" + text + "\",", "    \"" + text + "\"",
                          "  ],", "  \"n\": 1", "}"));
}

TEST(JsonLinesTest, EachAttributeHasALineForItself) {
  const std::string text(200, 'x');
  EXPECT_THAT(*json_lines(R"({"attributes":[{"key":"a","value":{}},{"key":")" + text + R"("}]})"),
              ElementsAre("{", "  \"attributes\": [", R"(    {"key":"a","value":{}},)",
                          "    {\"key\":\"" + text + "\"}", "  ]", "}"));
}

TEST(JsonLinesTest, WhatIsNotJsonIsAnError) {
  EXPECT_EQ(json_lines("{").error().code, Code::kInvalidArgument);
  EXPECT_EQ(sorted_json("x").error().code, Code::kInvalidArgument);
}

TEST(JsonLinesTest, SortsKeysAndAttributesButNoOtherLists) {
  EXPECT_EQ(*sorted_json(R"({"b":[2,1],"a":[{"key":"z"},{"key":"y"}]})"),
            R"({"a":[{"key":"y"},{"key":"z"}],"b":[2,1]})");
}

}  // namespace
}  // namespace millrace::trial
