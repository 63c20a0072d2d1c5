#include "otlp/key_value.h"

#include <cstring>

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
      const uint32_t size = head >> 8 & 0xff;
      if ((head & kTagsAndLongLengths) == usual_tags) {
        const uint32_t key_size = head >> 24;
        const auto value_size = static_cast<int32_t>(size - key_size - 4);
        if (value_size < 0 || size + 2 > left) break;
        // The value ends where the attribute ends.
        uint16_t value_head;
        std::memcpy(&value_head, at + key_size + 4, sizeof value_head);
        if (value_head != (kValueTag | static_cast<uint32_t>(value_size) << 8)) break;
        if (key_size == key.size() && as_text({at + 4, key_size}) == key) {
          return {{at + 2, size}, {at, size_t{size} + 2}};
        }
        at += size + 2;
        continue;
      }
      if ((head & 0xff) == tag) break;
      // Most others are length-delimited, with a tag and a length of one byte each.
      constexpr uint32_t kUsualBits = 0x8087;
      const bool is_usual = (head & kUsualBits) == static_cast<uint32_t>(wire::WireType::kLen) &&
                            (head & 0xf8) != 0 && size + 2 <= left;
      const size_t other_size = is_usual ? size + 2 : wire::short_field_size(at, left);
      if (other_size == 0) break;
      at += other_size;
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
