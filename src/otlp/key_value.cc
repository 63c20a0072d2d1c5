#include "otlp/key_value.h"

namespace millrace::otlp {

wire::LenField find_key_value(MessageBytes message, uint32_t field_number, std::string_view key) {
  constexpr uint32_t kLenType = static_cast<uint32_t>(wire::WireType::kLen);
  constexpr uint8_t kKeyTag = 0x0a;
  constexpr uint8_t kValueTag = 0x12;
  const uint32_t tag = wire::make_tag(field_number, wire::WireType::kLen);
  const uint8_t* at = message.data();
  const uint8_t* const end = at + message.size();
  while (at != end) {
    // Fields in their usual form. Tag, length, the key's tag and length, and two bytes behind them
    // can be read.
    for (size_t left; (left = static_cast<size_t>(end - at)) >= 6;) {
      const uint32_t head = at[0] | uint32_t{at[1]} << 8;
      // Length-delimited, tag and length of one byte each.
      if ((head & 0x8087) != kLenType) {
        const size_t size = wire::short_field_size(at, left);
        if (size == 0) break;
        at += size;
        continue;
      }
      const size_t size = head >> 8;
      if (size + 2 > left || (head & 0xf8) == 0) break;
      if ((head & 0xff) == tag) {
        const size_t key_size = at[3];
        const bool is_usual = at[2] == kKeyTag && key_size + 4 <= size &&
                              at[key_size + 4] == kValueTag &&
                              key_size + 4 + at[key_size + 5] == size;
        if (!is_usual) break;
        if (key_size == key.size() && as_text({at + 4, key_size}) == key) {
          return {{at + 2, size}, {at, size + 2}};
        }
      }
      at += size + 2;
    }
    if (at == end) break;
    const wire::AnyFormField field = wire::read_any_form(at, end, field_number);
    if (field.end == nullptr) break;
    if (field.content != nullptr && read_key({field.content, field.end}) == key) {
      return {{field.content, field.end}, {at, field.end}};
    }
    at = field.end;
  }
  return {};
}

}  // namespace millrace::otlp
