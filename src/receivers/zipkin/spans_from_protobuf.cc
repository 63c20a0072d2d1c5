#include "receivers/zipkin/spans_from_protobuf.h"

#include <algorithm>
#include <string>

#include "wire/paced_utf8.h"
#include "wire/protobuf.h"

namespace millrace::receivers::zipkin {
namespace {

using wire::Field;
using wire::FieldReader;
using wire::WireType;

class SpansReader {
 public:
  SpansReader(std::span<const uint8_t> body, Work& work, SpanSink& sink, Failure& failure)
      : body_(body), pace_(work.pace), span_(work.pool.budget()), sink_(sink), failure_(failure) {}

  Status run() {
    FieldReader reader(body_);
    for (Field field; reader.next(&field);) {
      if (!field.is(1, WireType::kLen)) continue;
      if (!read_span(field.bytes)) return bad();
      failure_at_ = field.whole.data();
      if (!sink_.take(span_, failure_)) {
        what_ = failure_.what;
        return bad();
      }
      ++index_;
    }
    if (!reader.ok()) return malformed(reader), bad();
    return {};
  }

 private:
  bool malformed(const FieldReader& reader) {
    field_ = {};
    return wrong_at(reader.position(), "is malformed protobuf");
  }
  bool wrong_at(const uint8_t* at, std::string_view what) {
    failure_at_ = at;
    what_ = what;
    return false;
  }
  bool wrong(const Field& field, std::string_view name, std::string_view what) {
    field_ = name;
    return wrong_at(field.whole.data(), what);
  }
  Status bad() {
    if (failure_.kind == Failure::Kind::kNone) failure_.kind = Failure::Kind::kBadData;
    std::string text = "spans[" + std::to_string(index_) + "]";
    if (!field_.empty()) text += "." + std::string(field_);
    return fail(Code::kInvalidArgument, text + ": " + std::string(what_) + " (byte " +
                                            std::to_string(failure_at_ - body_.data()) + ")");
  }

  bool read_span(std::span<const uint8_t> message) {
    span_.clear();
    bool has_trace_id = false;
    bool has_id = false;
    FieldReader reader(message, wire::kDepthMax - 1);
    for (Field field; reader.next(&field);) {
      pace_.step(32 + field.whole.size() / 8);
      if (!read_field(field, &has_trace_id, &has_id)) return false;
    }
    if (!reader.ok()) return malformed(reader);
    field_ = "trace_id";
    if (!has_trace_id) return wrong_at(message.data(), "expected 16 bytes");
    field_ = "id";
    if (!has_id) return wrong_at(message.data(), "is missing");
    field_ = {};
    return true;
  }

  bool read_field(const Field& field, bool* has_trace_id, bool* has_id) {
    switch (field.type) {
      case WireType::kLen:
        return read_len_field(field, has_trace_id, has_id);
      case WireType::kVarint:
        if (field.number == 4) span_.kind = kind_of(field.value);
        if (field.number == 7) return microseconds(field, "duration", &span_.duration_us);
        return true;
      case WireType::kI64:
        if (field.number == 6) return microseconds(field, "timestamp", &span_.timestamp_us);
        return true;
      default:
        return true;
    }
  }

  bool read_len_field(const Field& field, bool* has_trace_id, bool* has_id) {
    switch (field.number) {
      case 1:
        *has_trace_id = field.bytes.size() == 16;
        if (!*has_trace_id) return wrong(field, "trace_id", "expected 16 bytes");
        std::ranges::copy(field.bytes, span_.trace_id.begin());
        return true;
      case 2:
        return span_id(field, "parent_id", &span_.parent_id);
      case 3:
        *has_id = !field.bytes.empty();
        return span_id(field, "id", &span_.id);
      case 5:
        return text(field, "name", &span_.name);
      case 8:
        return read_endpoint(field, "local_endpoint", span_.local);
      case 9:
        return read_endpoint(field, "remote_endpoint", span_.remote);
      case 10:
        return read_annotation(field);
      case 11:
        return read_tag(field);
      default:
        return true;
    }
  }

  static Kind kind_of(uint64_t value) {
    // An enum takes 32 bits of its varint.
    const auto number = static_cast<uint32_t>(value);
    return number >= 1 && number <= 4 ? static_cast<Kind>(number) : Kind::kNone;
  }
  bool microseconds(const Field& field, std::string_view name, uint64_t* into) {
    *into = field.value;
    return field.value <= kMicrosecondsMax || wrong(field, name, kNotMicroseconds);
  }
  bool span_id(const Field& field, std::string_view name, uint64_t* into) {
    if (field.bytes.size() != 8 && !field.bytes.empty()) {
      return wrong(field, name, "expected 8 bytes");
    }
    *into = 0;
    for (const uint8_t byte : field.bytes) *into = *into << 8 | byte;
    return true;
  }
  bool text(const Field& field, std::string_view name, std::string_view* into) {
    *into = field.text();
    return wire::is_utf8_in_steps(*into, pace_) || wrong(field, name, "is not valid UTF-8");
  }

  bool read_endpoint(const Field& outer, std::string_view name, Endpoint& into) {
    FieldReader reader(outer.bytes, wire::kDepthMax - 2);
    for (Field field; reader.next(&field);) {
      if (field.is(1, WireType::kLen) && !text(field, name, &into.service_name)) return false;
      if (field.is(2, WireType::kLen) && !address(field, name, &into.ipv4)) return false;
      if (field.is(3, WireType::kLen) && !address(field, name, &into.ipv6)) return false;
      if (field.is(4, WireType::kVarint)) {
        if (field.value > 65535) return wrong(field, name, "expected a port from 0 to 65535");
        into.port = static_cast<uint16_t>(field.value);
      }
    }
    return reader.ok() || malformed(reader);
  }
  // zipkin-go writes IPv4 addresses in 16 bytes, into the field for IPv4.
  bool address(const Field& field, std::string_view name, AddressText* into) {
    *into = {};
    if (field.bytes.empty()) return true;
    if (field.bytes.size() != 4 && field.bytes.size() != 16) {
      return wrong(field, name, "expected an IP address of 4 or 16 bytes");
    }
    *into = address_of_bytes(field.bytes.data(), field.bytes.size());
    return true;
  }

  bool read_annotation(const Field& outer) {
    Annotation annotation;
    FieldReader reader(outer.bytes, wire::kDepthMax - 2);
    for (Field field; reader.next(&field);) {
      if (field.is(1, WireType::kI64) &&
          !microseconds(field, "annotations", &annotation.timestamp_us)) {
        return false;
      }
      if (field.is(2, WireType::kLen) && !text(field, "annotations", &annotation.value)) {
        return false;
      }
    }
    if (!reader.ok()) return malformed(reader);
    return span_.annotations.push(annotation) || no_memory(outer);
  }
  bool read_tag(const Field& outer) {
    Tag tag;
    FieldReader reader(outer.bytes, wire::kDepthMax - 2);
    for (Field field; reader.next(&field);) {
      if (field.is(1, WireType::kLen) && !text(field, "tags", &tag.key)) return false;
      if (field.is(2, WireType::kLen) && !text(field, "tags", &tag.value)) return false;
    }
    if (!reader.ok()) return malformed(reader);
    return span_.tags.push(tag) || no_memory(outer);
  }
  bool no_memory(const Field& field) {
    failure_.kind = Failure::Kind::kMemory;
    return wrong_at(field.whole.data(), "no memory");
  }

  const std::span<const uint8_t> body_;
  Pace& pace_;
  Span span_;
  SpanSink& sink_;
  Failure& failure_;
  size_t index_ = 0;
  std::string_view field_;
  std::string_view what_;
  const uint8_t* failure_at_ = nullptr;
};

}  // namespace

Status read_protobuf_spans(std::span<const uint8_t> body, Work& work, SpanSink& sink,
                           Failure& failure) {
  return SpansReader(body, work, sink, failure).run();
}

}  // namespace millrace::receivers::zipkin
