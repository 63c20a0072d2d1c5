#include "wire/field_search.h"

namespace millrace::wire {

namespace {

// The value behind a tag.
AnyFormField read_value(uint32_t tag, const uint8_t* value, const uint8_t* message_end,
                        uint32_t number) {
  if (tag != make_tag(number, WireType::kLen)) {
    return {skip_value(tag, value, message_end, kDepthMax), nullptr};
  }
  uint32_t length = 0;
  const uint8_t* const content = read_length(value, message_end, &length);
  if (content == nullptr || number == 0) return {};
  return {content + length, content};
}

}  // namespace

AnyFormField read_any_form(const uint8_t* at, const uint8_t* message_end, uint32_t number) {
  const auto left = static_cast<size_t>(message_end - at);
  // The usual ones of these: a length of two bytes, and a tag of two bytes.
  if (left >= 3 && at[0] < 0x80 && at[1] >= 0x80 && at[2] < 0x80 && (at[0] & 7) == 2 &&
      at[0] >= 8) {
    const size_t length = (at[1] & 0x7fu) | size_t{at[2]} << 7;
    if (length > left - 3) return {};
    const uint8_t* const content = at + 3;
    return {content + length, at[0] >> 3 == number ? content : nullptr};
  }
  if (left >= 3 && at[0] >= 0x80 && at[1] < 0x80 && at[1] != 0) {
    const uint32_t tag = (at[0] & 0x7fu) | uint32_t{at[1]} << 7;
    if (wire_type_of(tag) == WireType::kI32 && left >= 6) return {at + 6, nullptr};
    return read_value(tag, at + 2, message_end, number);
  }
  uint32_t tag = 0;
  const uint8_t* const value = read_tag(at, message_end, &tag);
  if (value == nullptr) return {};
  return read_value(tag, value, message_end, number);
}

std::span<const uint8_t> find_last_field(std::span<const uint8_t> message, uint32_t number) {
  const uint8_t* const end = message.data() + message.size();
  const uint8_t* found = nullptr;
  for (const uint8_t* at = message.data(); at != end;) {
    for (size_t left; (left = static_cast<size_t>(end - at)) >= 2;) {
      const uint32_t head = at[0] | uint32_t{at[1]} << 8;
      size_t size = (head >> 8) + 2;
      // Most are length-delimited, with a tag and a length of one byte each.
      const bool is_usual = (head & 0x8087) == static_cast<uint32_t>(WireType::kLen) &&
                            size <= left && (head & 0xf8) != 0;
      if (!is_usual && (size = short_field_size(at, left)) == 0) break;
      if ((head & 0xff) >> 3 == number) found = at;
      at += size;
    }
    if (at == end) break;
    const AnyFormField field = read_any_form(at, end, number);
    if (field.end == nullptr) break;
    uint32_t tag = 0;
    read_tag(at, end, &tag);
    if (field_number_of(tag) == number) found = at;
    at = field.end;
  }
  if (found == nullptr) return {};
  return {found, end};
}

}  // namespace millrace::wire
