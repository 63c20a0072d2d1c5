// Where AttributeList writes a changed message: into a rope, or into a text that goes into another
// list. Internal to attribute_list.cc.
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

// Into a rope: the stretches that are kept are shared with `owner`.
struct RopeSink {
  const Bytes& owner;
  RopeWriter& into;
  void keep(MessageBytes stretch) { into.keep(owner, stretch); }
  void write(MessageBytes bytes) { into.write(bytes); }
  void prefix(uint32_t field, size_t size) { into.write_len_prefix(field, size); }
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
};

// The size of a KeyValue's content.
inline size_t attribute_size(size_t key_size, size_t value_size) {
  return wire::len_field_size(1, key_size) + wire::len_field_size(2, value_size);
}

// Writes the field `number` with a KeyValue. `value` is the content of an AnyValue.
template <class Sink>
void write_attribute(Sink& into, uint32_t number, std::string_view key, MessageBytes value) {
  const size_t size = attribute_size(key.size(), value.size());
  // Tags and lengths of one byte each: all of it is one write.
  constexpr size_t kShort = 0x7f;
  if (size <= kShort && number < 16) {
    std::array<uint8_t, kShort + 2> bytes;
    uint8_t* at = bytes.data();
    const auto put_prefix = [&](uint32_t field, size_t content_size) {
      *at++ = static_cast<uint8_t>(wire::make_tag(field, wire::WireType::kLen));
      *at++ = static_cast<uint8_t>(content_size);
    };
    const auto put = [&](uint32_t field, MessageBytes content) {
      put_prefix(field, content.size());
      if (!content.empty()) std::memcpy(at, content.data(), content.size());
      at += content.size();
    };
    put_prefix(number, size);
    put(1, as_span(key));
    put(2, value);
    into.write({bytes.data(), at});
    return;
  }
  into.prefix(number, size);
  into.prefix(1, key.size());
  into.write(as_span(key));
  into.prefix(2, value.size());
  into.write(value);
}

}  // namespace millrace::otlp
