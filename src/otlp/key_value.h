// The usual form of a KeyValue, read inline: for readers that look at every attribute.
#pragma once

#include <optional>

#include "otlp/views.h"
#include "wire/field_search.h"

namespace millrace::otlp {

// Nearly all KeyValues are the key, then the value, with a length of one byte each. Returns the
// position of the value's tag behind the key, or 0 for another form.
inline size_t short_value_position(MessageBytes key_value) {
  constexpr uint8_t kKeyTag = 0x0a;
  constexpr uint8_t kValueTag = 0x12;
  const uint8_t* const at = key_value.data();
  const size_t size = key_value.size();
  if (size < 4 || at[0] != kKeyTag) return 0;
  const size_t key_size = at[1];
  if (key_size + 4 > size || at[key_size + 2] != kValueTag) return 0;
  const size_t value_size = at[key_size + 3];
  const bool is_short = (key_size | value_size) < 0x80 && key_size + 4 + value_size == size;
  return is_short ? key_size + 2 : 0;
}

// Nothing: another form.
inline std::optional<KeyValueView> read_short_key_value(MessageBytes key_value) {
  const size_t value_at = short_value_position(key_value);
  if (value_at == 0) return std::nullopt;
  return KeyValueView{.key = as_text(key_value.subspan(2, value_at - 2)),
                      .value = key_value.subspan(value_at + 2)};
}

// As KeyValueView::read().
inline KeyValueView read_key_value(MessageBytes key_value) {
  const auto usual = read_short_key_value(key_value);
  return usual ? *usual : KeyValueView::read(key_value);
}

// The key alone.
inline std::string_view read_key(MessageBytes key_value) {
  const size_t value_at = short_value_position(key_value);
  return value_at != 0 ? as_text(key_value.subspan(2, value_at - 2))
                       : KeyValueView::read(key_value).key;
}

// The text of a value that is a string; nothing for others.
inline std::optional<std::string_view> read_text(MessageBytes any_value) {
  constexpr uint8_t kStringTag = 0x0a;
  // Nearly all: with a length of one byte.
  if (any_value.size() >= 2 && any_value[0] == kStringTag && any_value[1] < 0x80 &&
      size_t{any_value[1]} + 2 == any_value.size()) {
    return as_text(any_value.subspan(2));
  }
  const AnyValueView value = AnyValueView::read(any_value);
  if (value.type != AnyValueView::Type::kString) return std::nullopt;
  return value.text;
}

// The field with the first KeyValue that has the key, of those in field `field_number`. Values of
// other keys are not read: an attribute costs about 30 instructions, another field 15.
wire::LenField find_key_value(MessageBytes message, uint32_t field_number, std::string_view key);

}  // namespace millrace::otlp
