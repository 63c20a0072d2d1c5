#include "otlp/key_value.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bytes.h"
#include "wire/writer.h"

namespace millrace::otlp {
namespace {

using namespace std::string_literals;

// The position of the attribute that has the key as every reader sees it, or -1.
int found_naively(const std::string& message, uint32_t number, std::string_view key) {
  wire::FieldReader fields(as_span(message));
  for (wire::Field field; fields.next(&field);) {
    if (!field.is(number, wire::WireType::kLen) || KeyValueView::read(field.bytes).key != key) {
      continue;
    }
    return static_cast<int>(field.whole.data() - as_span(message).data());
  }
  return -1;
}

int found(const std::string& message, uint32_t number, std::string_view key) {
  const wire::LenField field = find_key_value(as_span(message), number, key);
  if (field.bytes.data() == nullptr) return -1;
  EXPECT_EQ(field.bytes.data() + field.bytes.size(), field.whole.data() + field.whole.size());
  return static_cast<int>(field.whole.data() - as_span(message).data());
}

// KeyValues in forms that a sender may choose.
const std::vector<std::string> kForms = {
    "\x0a\x01"
    "a\x12\x03\x0a\x01x"s,
    "\x0a\x01"
    "b\x12\x02\x10\x01"s,
    "\x0a\x01"
    "a\x12\x00"s,
    // The last of two keys is the key.
    "\x0a\x01"
    "a\x12\x00\x0a\x01"
    "b"s,
    "\x0a\x01"
    "a\x0a\x01"
    "b\x12\x00"s,
    "\x12\x03\x0a\x01x\x0a\x01"
    "a"s,
    "\x0a\x81\x00"
    "a\x12\x00"s,
    "\x0a\x01"
    "b\x12\x80\x00"s,
    "\x0a\x01"
    "a"s,
    "\x12\x00"s,
    ""s,
    "\x0a\x00\x12\x00"s,
    "\x0a\x0a"
    "aaaaaaaaaa\x12\x02\x10\x01"s,
};

TEST(KeyValueTest, TheFirstAttributeWithTheKeyIsFoundInAnyForm) {
  for (const uint32_t number : {1U, 9U, 15U, 16U, 20U}) {
    for (const std::string& first : kForms) {
      for (const std::string& second : kForms) {
        for (const bool has_others : {false, true}) {
          wire::Writer w(64);
          if (has_others) {
            w.string_field(5, "name");
            w.varint_field(6, 300);
            w.fixed64_field(7, 1);
          }
          w.string_field(number, first);
          if (has_others) w.fixed32_field(number, 0x01010a0a);
          w.string_field(number, second);
          if (has_others) w.fixed32_field(17, 7);
          const std::string message = w.to_string();
          for (const char* key : {"a", "b", "", "x", "aaaaaaaaaa"}) {
            ASSERT_EQ(found(message, number, key), found_naively(message, number, key))
                << "key " << key << " in field " << number << " of "
                << ::testing::PrintToString(message);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace millrace::otlp
