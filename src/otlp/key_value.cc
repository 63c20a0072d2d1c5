#include "otlp/key_value.h"

namespace millrace::otlp {

wire::LenField find_key_value(MessageBytes message, uint32_t field_number, std::string_view key) {
  constexpr uint32_t kKeyTag = 0x0a;
  constexpr uint32_t kValueTag = 0x12;
  const uint32_t tag = wire::make_tag(field_number, wire::WireType::kLen);
  // Nearly all attributes begin with their tag and length and those of the key, of one byte each.
  constexpr uint32_t kTagsAndLongLengths = 0x80ff80ff;
  const uint32_t usual_tags = tag < 0x80 ? tag | kKeyTag << 16 : ~uint32_t{0};
  const uint8_t* at = message.data();
  const uint8_t* const end = at + message.size();
  while (at != end) {
    for (size_t left; (left = static_cast<size_t>(end - at)) >= 6;) {
      const uint32_t head = wire::load_fixed32(at);
      if ((head & kTagsAndLongLengths) == usual_tags) {
        const uint32_t size = head >> 8 & 0xff;
        const uint32_t key_size = head >> 24;
        const uint32_t value_at = key_size + 4;
        if (value_at > size || size + 2 > left) break;
        // The value ends where the attribute ends.
        const uint32_t value_head = at[value_at] | uint32_t{at[value_at + 1]} << 8;
        if (value_head != (kValueTag | (size - value_at) << 8)) break;
        if (key_size == key.size() && as_text({at + 4, key_size}) == key) {
          return {{at + 2, size}, {at, size_t{size} + 2}};
        }
        at += size + 2;
        continue;
      }
      const size_t size = at[0] == tag ? 0 : wire::short_field_size(at, left);
      if (size == 0) break;
      at += size;
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
