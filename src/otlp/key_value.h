// The usual form of a KeyValue, read inline: for readers that look at every attribute.
#pragma once

#include <optional>

#include "otlp/views.h"

namespace millrace::otlp {

// Nearly all: the key, then the value, with a length of one byte each. Nothing: another form.
inline std::optional<KeyValueView> read_short_key_value(MessageBytes key_value) {
  constexpr uint8_t kKeyTag = 0x0a;
  constexpr uint8_t kValueTag = 0x12;
  const size_t size = key_value.size();
  if (size >= 4 && key_value[0] == kKeyTag && key_value[1] < 0x80) {
    const size_t value_at = size_t{key_value[1]} + 2;
    if (value_at + 2 <= size && key_value[value_at] == kValueTag &&
        key_value[value_at + 1] < 0x80 && value_at + 2 + key_value[value_at + 1] == size) {
      return KeyValueView{.key = as_text(key_value.subspan(2, value_at - 2)),
                          .value = key_value.subspan(value_at + 2)};
    }
  }
  return std::nullopt;
}

// As KeyValueView::read().
inline KeyValueView read_key_value(MessageBytes key_value) {
  const auto usual = read_short_key_value(key_value);
  return usual ? *usual : KeyValueView::read(key_value);
}

}  // namespace millrace::otlp
