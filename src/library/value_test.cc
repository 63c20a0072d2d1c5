// Text and Value as plain values, and the encoder's fast path for short keys and texts compared
// with its general path.
#include "millrace/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "library/encode_values.h"

namespace millrace::library {
namespace {

using v1::Attribute;
using v1::Attributes;
using v1::Text;
using v1::Value;
using v1::detail::Encoder;

bool is_inside(const void* object, size_t size, const void* data) {
  const auto* begin = static_cast<const char*>(object);
  const auto* at = static_cast<const char*>(data);
  return at >= begin && at < begin + size;
}

std::vector<Value> one_of_each() {
  return {Value(),
          "",
          "short",
          std::string(31, 'a'),
          std::string(32, 'a'),
          std::string(500, 'a'),
          true,
          false,
          0,
          1,
          int64_t{-1},
          0.0,
          1.0,
          Value::Bytes{},
          Value::Bytes{0, 1},
          Value::Array{},
          Value::Array{1, "two", Value::Array{3}},
          Value::Map{},
          Value::Map{{"a", 1}},
          Value::Map{{"a", 2}}};
}

TEST(ValueTest, ATextOfThirtyOneBytesIsNoAllocation) {
  for (size_t size = 0; size <= 100; ++size) {
    const std::string text(size, 'x');
    const Attribute attribute(text, text);
    EXPECT_EQ(attribute.key, text);
    EXPECT_EQ(attribute.value.as_text(), text);
    EXPECT_EQ(is_inside(&attribute, sizeof attribute, attribute.key.data()), size <= 31) << size;
    EXPECT_EQ(is_inside(&attribute, sizeof attribute, attribute.value.as_text().data()), size <= 31)
        << size;
  }
  EXPECT_EQ(sizeof(Attribute), 64U);
}

TEST(ValueTest, TextsCompareWithAnyKindOfText) {
  const Text text = "key";
  EXPECT_TRUE(text == "key" && "key" == text && text == std::string("key"));
  EXPECT_TRUE(text == std::string_view("key") && text == Text(std::string("key")));
  EXPECT_TRUE(text != "keys" && text != "" && text != Text());
  EXPECT_EQ(Text(static_cast<const char*>(nullptr)), "");
  EXPECT_NE(Text(std::string("a\0b", 3)), std::string("a\0c", 3));
}

TEST(ValueTest, CopiesAreEqualAndApart) {
  for (const Value& value : one_of_each()) {
    Value copy = value;
    EXPECT_EQ(copy, value);
    copy = "something else, and longer than what lies inside";
    EXPECT_NE(copy, value);
    copy = value;
    const Value& same = copy;
    copy = same;
    EXPECT_EQ(copy, value);
    const Value taken = std::move(copy);
    EXPECT_EQ(taken, value);
    copy = 5;  // a value that was moved from can be used again
    EXPECT_EQ(copy, Value(5));
  }
  for (const size_t size : {0, 31, 32, 100}) {
    const Text text = std::string(size, 'x');
    Text copy = text;
    EXPECT_EQ(copy, text);
    const Text taken = std::move(copy);
    copy = "again";
    EXPECT_EQ(taken, text);
  }
}

TEST(ValueTest, NoTwoOfDifferentTypesOrContentAreEqual) {
  const std::vector<Value> values = one_of_each();
  for (size_t a = 0; a < values.size(); ++a) {
    for (size_t b = 0; b < values.size(); ++b) EXPECT_EQ(values[a] == values[b], a == b);
  }
  EXPECT_NE(Value(std::nan("")), Value(std::nan("")));  // as with any double
  EXPECT_EQ(Value(0.0), Value(-0.0));
}

TEST(ValueTest, OtherTypesReadAsEmpty) {
  const Value values[] = {Value::Bytes{7}, Value::Array{7}, Value::Map{{"a", 7}}, true, 7, 7.5, "7",
                          Value()};
  for (const Value& value : values) {
    const Value::Type type = value.type();
    EXPECT_EQ(value.as_bytes().size(), type == Value::Type::kBytes ? 1U : 0U);
    EXPECT_EQ(value.as_array().size(), type == Value::Type::kArray ? 1U : 0U);
    EXPECT_EQ(value.as_map().size(), type == Value::Type::kMap ? 1U : 0U);
    EXPECT_EQ(value.as_bool(), type == Value::Type::kBool);
    EXPECT_EQ(value.as_integer(), type == Value::Type::kInteger ? 7 : 0);
    EXPECT_EQ(value.as_double(), type == Value::Type::kDouble ? 7.5 : 0.0);
    EXPECT_EQ(value.as_text(), type == Value::Type::kText ? "7" : "");
  }
  EXPECT_EQ(Value(std::numeric_limits<uint64_t>::max()).as_integer(), INT64_MAX);
}

TEST(ValueTest, AnAttributeOfItselfMayBeSetAgain) {
  v1::Span span;
  for (int i = 0; i < 100; ++i) {
    span.set("first", std::string(50, 'x'));
    span.set(span.attributes[0].key, span.attributes[0].value);  // the vector grows meanwhile
  }
  for (const Attribute& one : span.attributes) EXPECT_EQ(one, span.attributes[0]);
}

// The bytes of one attribute by the general path, which does not use slots.
std::string by_the_general_way(const Attribute& attribute) {
  Encoder encoder(0);
  encoder.value_attribute(6, attribute.key, attribute.value);
  return {reinterpret_cast<const char*>(encoder.begin()), encoder.size()};
}

std::string as_encoded(const Attribute& attribute) {
  Encoder encoder(0);
  EncodeNotes notes;
  v1::LogRecord record;
  record.observed_time_unix_nano = 1;
  encode(record, {}, encoder, notes);
  const size_t front = encoder.size();
  record.attributes = {attribute};
  encode(record, {}, encoder, notes);
  return {reinterpret_cast<const char*>(encoder.begin()) + 2 * front, encoder.size() - 2 * front};
}

TEST(ValueTest, TheFastPathWritesTheSameAsTheGeneralPath) {
  std::vector<Value> values = one_of_each();
  for (size_t size = 0; size <= 40; ++size) {
    values.push_back(std::string(size, 'v'));
    // Not ASCII in the last character; and not UTF-8.
    values.push_back(std::string(size, 'v') + "ö");
    values.push_back(std::string(size, 'v') + "\xff");
  }
  for (int bit = 0; bit < 64; ++bit) values.push_back(static_cast<int64_t>(uint64_t{1} << bit));
  for (size_t size = 0; size <= 40; ++size) {
    for (const char* end : {"", "ö", "\xff"}) {
      for (const Value& value : values) {
        const Attribute attribute(std::string(size, 'k') + end, value);
        EXPECT_EQ(as_encoded(attribute), by_the_general_way(attribute));
      }
    }
  }
}

}  // namespace
}  // namespace millrace::library
