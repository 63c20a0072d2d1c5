// Where a changed message is written: into a rope, or into a text that goes into another
// AttributeList. Internal to attribute_list.cc and edit.cc.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"
#include "memory/reserved_text.h"
#include "otlp/rope_writer.h"
#include "wire/protobuf.h"
#include "wire/writer.h"

namespace millrace::otlp {

// The most that write_short() writes.
inline constexpr size_t kShortBytesMax = 0x7f + 2;

// Into a rope: the stretches that are kept are shared with `owner`.
struct RopeSink {
  const Bytes& owner;
  RopeWriter& into;
  void keep(MessageBytes stretch) { into.keep(owner, stretch); }
  void write(MessageBytes bytes) { into.write(bytes); }
  void prefix(uint32_t field, size_t size) { into.write_len_prefix(field, size); }
  // Writes `size` bytes with `fill(where)`.
  template <class Fill>
  void write_short(size_t size, const Fill& fill) {
    if (uint8_t* const at = into.extend(size)) fill(at);
  }
};

// Into a text: everything is copied.
struct TextSink {
  ReservedText& into;
  void keep(MessageBytes stretch) { into.append(as_text(stretch)); }
  void write(MessageBytes bytes) { into.append(as_text(bytes)); }
  void prefix(uint32_t field, size_t size) {
    uint8_t bytes[20];
    uint8_t* at = wire::write_varint(bytes, wire::make_tag(field, wire::WireType::kLen));
    at = wire::write_varint(at, size);
    write({bytes, at});
  }
  template <class Fill>
  void write_short(size_t size, const Fill& fill) {
    std::array<uint8_t, kShortBytesMax> bytes;
    fill(bytes.data());
    write({bytes.data(), size});
  }
};

// The size of a KeyValue's content.
inline size_t attribute_size(size_t key_size, size_t value_size) {
  return wire::len_field_size(1, key_size) + wire::len_field_size(2, value_size);
}

// Writes the field `number` with a KeyValue. `prefix` and `value` are together the content of an
// AnyValue.
template <class Sink>
void write_attribute(Sink& into, uint32_t number, std::string_view key, MessageBytes value,
                     std::string_view prefix = {}) {
  const size_t value_size = prefix.size() + value.size();
  // Tags and lengths of one byte each: all of it is one write.
  constexpr size_t kShort = 0x7f;
  constexpr size_t kShortPrefixes = 4;
  if (key.size() + value_size <= kShort - kShortPrefixes && number < 16) {
    const size_t size = key.size() + value_size + kShortPrefixes;
    return into.write_short(size + 2, [&](uint8_t* at) {
      const auto put_prefix = [&](uint32_t field, size_t content_size) {
        *at++ = static_cast<uint8_t>(wire::make_tag(field, wire::WireType::kLen));
        *at++ = static_cast<uint8_t>(content_size);
      };
      const auto put = [&](MessageBytes content) {
        if (!content.empty()) std::memcpy(at, content.data(), content.size());
        at += content.size();
      };
      put_prefix(number, size);
      put_prefix(1, key.size());
      put(as_span(key));
      put_prefix(2, value_size);
      for (const char c : prefix) *at++ = static_cast<uint8_t>(c);
      put(value);
    });
  }
  into.prefix(number, attribute_size(key.size(), value_size));
  into.prefix(1, key.size());
  into.write(as_span(key));
  into.prefix(2, value_size);
  into.write(as_span(prefix));
  into.write(value);
}

// The same with a string.
template <class Sink>
void write_text_attribute(Sink& into, uint32_t number, std::string_view key,
                          std::string_view text) {
  constexpr uint8_t kStringTag = 0x0a;
  char prefix[1 + wire::kVarintBytesMax] = {kStringTag};
  const uint8_t* const end =
      wire::write_varint(reinterpret_cast<uint8_t*>(prefix) + 1, text.size());
  const auto prefix_size = static_cast<size_t>(reinterpret_cast<const char*>(end) - prefix);
  write_attribute(into, number, key, as_span(text), {prefix, prefix_size});
}

}  // namespace millrace::otlp
