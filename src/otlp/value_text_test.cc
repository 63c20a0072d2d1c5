#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "otlp/attribute_list.h"
#include "otlp/views.h"
#include "wire/writer.h"

namespace millrace::otlp {
namespace {

std::string text_of(const std::string& any_value) {
  return to_text(AnyValueView::read(as_span(any_value)));
}

std::string list_of(const std::string& any_value) {
  wire::Writer w(64);
  const auto list = w.open(5);
  w.string_field(1, any_value);
  w.close(list);
  return w.to_string();
}

std::string map_of(std::initializer_list<std::pair<const char*, std::string>> entries) {
  wire::Writer w(64);
  const auto map = w.open(6);
  for (const auto& [key, value] : entries) {
    const auto entry = w.open(1);
    w.string_field(1, key);
    w.string_field(2, value);
    w.close(entry);
  }
  w.close(map);
  return w.to_string();
}

TEST(ValueTextTest, NumbersAsGoWritesThem) {
  const std::pair<double, const char*> cases[] = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {2.5, "2.5"},
      {1e-6, "0.000001"},
      {1e-7, "1e-7"},
      {1.5e-10, "1.5e-10"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {std::numeric_limits<double>::infinity(), "Infinity"},
      {-std::numeric_limits<double>::infinity(), "-Infinity"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN"},
  };
  for (const auto& [number, text] : cases) EXPECT_EQ(text_of(encode_double_value(number)), text);
}

TEST(ValueTextTest, MapsAreSortedAndTheLastOfTwoKeysHolds) {
  const std::string map = map_of({{"b", encode_int_value(1)},
                                  {"a", encode_bool_value(1)},
                                  {"b", encode_int_value(2)},
                                  {"c", ""}});
  EXPECT_EQ(text_of(map), R"({"a":true,"b":2,"c":null})");
  EXPECT_EQ(text_of(map_of({})), "{}");
  EXPECT_EQ(text_of(list_of(map)), R"([{"a":true,"b":2,"c":null}])");
}

TEST(ValueTextTest, StringsInListsAreEscapedAsInGo) {
  const std::string text = "a\"\\\b\f\n\r\t\x01\x7f<&>\xe2\x80\xa8\xe2\x80\xa9\xe2\x82\xac\xc3\xa9";
  EXPECT_EQ(text_of(list_of(encode_string_value(text))),
            "[\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f<&>\\u2028\\u2029\xe2\x82\xac\xc3\xa9\"]");
  EXPECT_EQ(text_of(encode_string_value(text)), text);
}

TEST(ValueTextTest, ANumberThatIsNotFiniteInAListLeavesNothing) {
  EXPECT_EQ(text_of(list_of(encode_double_value(std::numeric_limits<double>::infinity()))), "");
  EXPECT_EQ(text_of(map_of({{"a", encode_double_value(std::numeric_limits<double>::quiet_NaN())}})),
            "");
}

}  // namespace
}  // namespace millrace::otlp
