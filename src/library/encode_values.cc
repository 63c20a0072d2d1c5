#include "library/encode_values.h"

#include <array>
#include <cstring>
#include <string>
#include <string_view>

namespace millrace::library {
namespace {

using v1::Attribute;
using v1::Attributes;
using v1::Value;
using v1::detail::Access;
using v1::detail::Encoder;
using v1::detail::Slot;

// Cuts the text to at most `length_max` bytes, at the end of a character.
std::string_view cut_text(std::string_view text, size_t length_max) {
  size_t end = length_max;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

// Copies the 32 bytes of a slot, which begin with its short text: two moves instead of a chain of
// branches on the length. Returns whether all bytes are ASCII.
bool copy_slot(uint8_t* to, const char* text) {
  std::array<uint64_t, 4> words;
  std::memcpy(words.data(), text, sizeof words);
  std::memcpy(to, words.data(), sizeof words);
  return v1::detail::is_ascii(words[0] | words[1] | words[2] | words[3]);
}

// Writes an attribute whose key and text (if it is one) are in their slots, as nearly all are.
// False: it is another one, and nothing was written.
bool encode_short_attribute(uint32_t number, const Attribute& attribute, Encoder& encoder) {
  constexpr size_t kRoom = 128;
  const Slot& key = Access::slot(attribute.key);
  const Slot& value = Access::slot(attribute.value);
  if (key.tag() == 0 || key.tag() > Slot::kInlineMax) return false;
  uint8_t* const begin = encoder.room(kRoom);
  if (begin == nullptr) return false;
  if (!copy_slot(begin + 4, key.text().data())) return false;
  uint8_t* const content = begin + 4 + key.tag() + 2;  // of the AnyValue
  uint8_t* end = content;
  if (value.tag() <= Slot::kInlineMax) {
    *end++ = 0x0a;
    *end++ = value.tag();
    if (!copy_slot(end, value.text().data())) return false;
    end += value.tag();
  } else if (value.tag() == static_cast<uint8_t>(Value::Type::kInteger)) {
    *end++ = 0x18;
    end = v1::detail::put_varint(end, value.word<uint64_t>(0));
  } else if (value.tag() == static_cast<uint8_t>(Value::Type::kDouble)) {
    *end++ = 0x21;
    end = v1::detail::put_word(end, value.word<uint64_t>(0));
  } else if (value.tag() == static_cast<uint8_t>(Value::Type::kBool)) {
    *end++ = 0x10;
    *end++ = static_cast<uint8_t>(value.word<uint64_t>(0));
  } else {
    return false;
  }
  begin[0] = static_cast<uint8_t>(number << 3 | 2);
  begin[1] = static_cast<uint8_t>(end - begin - 2);
  begin[2] = 0x0a;
  begin[3] = key.tag();
  content[-2] = 0x12;
  content[-1] = static_cast<uint8_t>(end - content);
  encoder.end_at(end);
  return true;
}

}  // namespace

void encode_attributes(uint32_t number, const Attributes& attributes, const EncodeLimits& limits,
                       Encoder& encoder, EncodeNotes& notes) {
  const size_t length_max = limits.value_length_max == 0 ? SIZE_MAX : limits.value_length_max;
  for (const Attribute& attribute : attributes) {
    if (encoder.remarks().failed) break;  // the item will not be sent
    const std::string_view text = attribute.value.as_text();
    if (text.size() > length_max) [[unlikely]] {
      ++notes.truncated_values;
      encoder.text_attribute(number, attribute.key, cut_text(text, length_max));
    } else if (!encode_short_attribute(number, attribute, encoder)) {
      encoder.value_attribute(number, attribute.key, attribute.value);
    }
  }
}

namespace {

template <class Id>
void encode_id(uint32_t number, const Id& id, Encoder& encoder) {
  if (id != Id{}) encoder.bytes_field(number, id.data(), id.size());
}

void encode_count(uint32_t number, uint64_t count, Encoder& encoder) {
  if (count != 0) encoder.varint_field(number, count);
}

void encode_text(uint32_t number, std::string_view text, Encoder& encoder) {
  if (!text.empty()) encoder.text_field(number, text);
}

}  // namespace

// opentelemetry/proto/trace/v1/trace.proto, Span.
void encode(const v1::Span& span, const EncodeLimits& limits, Encoder& encoder,
            EncodeNotes& notes) {
  encode_id(1, span.trace_id == v1::TraceId{} ? v1::random_trace_id() : span.trace_id, encoder);
  encode_id(2, span.span_id == v1::SpanId{} ? v1::random_span_id() : span.span_id, encoder);
  encode_text(3, span.trace_state, encoder);
  encode_id(4, span.parent_span_id, encoder);
  encoder.text_field(5, span.name);
  encode_count(6, static_cast<uint64_t>(span.kind), encoder);
  uint64_t end = span.end_time_unix_nano;
  if (end < span.start_time_unix_nano) {
    end = span.start_time_unix_nano;
    ++notes.corrected_times;
  }
  encoder.fixed64_field(7, span.start_time_unix_nano);
  encoder.fixed64_field(8, end);
  encode_attributes(9, span.attributes, limits, encoder, notes);
  encode_count(10, span.dropped_attributes_count, encoder);
  for (const v1::SpanEvent& event : span.events) {
    const auto message = encoder.open(11);
    encoder.fixed64_field(1, event.time_unix_nano);
    encode_text(2, event.name, encoder);
    encode_attributes(3, event.attributes, limits, encoder, notes);
    encode_count(4, event.dropped_attributes_count, encoder);
    encoder.close(message);
  }
  encode_count(12, span.dropped_events_count, encoder);
  for (const v1::SpanLink& link : span.links) {
    const auto message = encoder.open(13);
    encode_id(1, link.trace_id, encoder);
    encode_id(2, link.span_id, encoder);
    encode_text(3, link.trace_state, encoder);
    encode_attributes(4, link.attributes, limits, encoder, notes);
    encode_count(5, link.dropped_attributes_count, encoder);
    if (link.flags != 0) encoder.fixed32_field(6, link.flags);
    encoder.close(message);
  }
  encode_count(14, span.dropped_links_count, encoder);
  if (span.status != v1::SpanStatus{}) {
    const auto message = encoder.open(15);
    encode_text(2, span.status.message, encoder);
    encode_count(3, static_cast<uint64_t>(span.status.code), encoder);
    encoder.close(message);
  }
  if (span.flags != 0) encoder.fixed32_field(16, span.flags);
}

// opentelemetry/proto/logs/v1/logs.proto, LogRecord.
void encode(const v1::LogRecord& record, const EncodeLimits& limits, Encoder& encoder,
            EncodeNotes& notes) {
  if (record.time_unix_nano != 0) encoder.fixed64_field(1, record.time_unix_nano);
  encoder.fixed64_field(11, record.observed_time_unix_nano != 0 ? record.observed_time_unix_nano
                                                                : v1::now_unix_nano());
  encode_count(2, static_cast<uint64_t>(record.severity), encoder);
  encode_text(3, record.severity_text, encoder);
  if (record.body != Value{}) encoder.value_field(5, record.body);
  encode_attributes(6, record.attributes, limits, encoder, notes);
  encode_count(7, record.dropped_attributes_count, encoder);
  if (record.flags != 0) encoder.fixed32_field(8, record.flags);
  encode_id(9, record.trace_id, encoder);
  encode_id(10, record.span_id, encoder);
  encode_text(12, record.event_name, encoder);
}

}  // namespace millrace::library

namespace millrace::v1::detail {

const uint8_t* Access::finish(SpanBuilder& span, library::EncodeNotes& notes) {
  uint64_t end = span.end_ == 0 ? now_unix_nano() : span.end_;
  if (end < span.start_) {
    end = span.start_;
    ++notes.corrected_times;
  }
  span.span_id();
  span.trace_id();
  const bool has_parent = span.parent_ != SpanId{};
  uint8_t* const begin = span.encoder_.begin() + (has_parent ? 0 : 10);
  uint8_t* at = begin;
  if (has_parent) {
    *at++ = 0x22;
    *at++ = 8;
    std::memcpy(at, span.parent_.data(), 8);
    at += 8;
  }
  *at++ = 0x0a;
  *at++ = 16;
  std::memcpy(at, span.trace_id_.data(), 16);
  at += 16;
  *at++ = 0x12;
  *at++ = 8;
  std::memcpy(at, span.span_id_.data(), 8);
  at += 8;
  *at++ = 0x30;
  *at++ = static_cast<uint8_t>(span.kind_);
  *at++ = 0x39;
  at = put_word(at, span.start_);
  *at++ = 0x41;
  put_word(at, end);
  return begin;
}

}  // namespace millrace::v1::detail
