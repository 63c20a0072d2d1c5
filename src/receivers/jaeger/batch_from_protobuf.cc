#include "receivers/jaeger/batch_from_protobuf.h"

#include <string>
#include <string_view>

#include "wire/paced_utf8.h"
#include "wire/protobuf.h"

namespace millrace::receivers::jaeger {
namespace {

using wire::Field;
using wire::FieldReader;
using wire::WireType;

// protobuf's Timestamp reaches from the year 1 to the year 9999, its Duration as far.
constexpr int64_t kSecondsMin = -62135596800;
constexpr int64_t kSecondsMax = 253402300799;
constexpr int64_t kDurationSecondsMax = 315576000000;
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

enum class MomentKind : uint8_t { kTimestamp, kDuration };

uint64_t big_endian(std::span<const uint8_t> bytes) {
  uint64_t value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

class BatchReader {
 public:
  BatchReader(std::span<const uint8_t> body, Work& work, BatchSink& sink, Failure& failure)
      : body_(body),
        pace_(work.pace),
        process_(work.pool.budget()),
        span_(work.pool.budget()),
        sink_(sink),
        failure_(failure) {}

  Status run() {
    for (const bool is_first : {true, false}) {
      FieldReader reader(body_);
      for (Field field; reader.next(&field);) {
        if (field.is(1, WireType::kLen) && !read_batch(field, is_first)) return bad();
      }
      if (!reader.ok()) return malformed(reader), bad();
      if (!is_first || !process_.exists) continue;
      if (!sink_.take_process(process_, failure_)) return bad();
    }
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
  bool no_memory(const Field& field) {
    failure_.kind = Failure::Kind::kMemory;
    return wrong_at(field.whole.data(), "no memory");
  }
  Status bad() {
    if (failure_.kind == Failure::Kind::kNone) failure_.kind = Failure::Kind::kBadData;
    std::string text = in_span_ ? "spans[" + std::to_string(index_) + "]" : "batch";
    if (!field_.empty()) text += "." + std::string(field_);
    return fail(Code::kInvalidArgument, text + ": " + std::string(what_) + " (byte " +
                                            std::to_string(failure_at_ - body_.data()) + ")");
  }

  bool read_batch(const Field& outer, bool is_first) {
    FieldReader reader(outer.bytes, wire::kDepthMax - 1);
    for (Field field; reader.next(&field);) {
      pace_.step(16);
      if (is_first && field.is(2, WireType::kLen) && !read_process(field, process_)) return false;
      if (!is_first && field.is(1, WireType::kLen) && !hand_over_span(field)) return false;
    }
    return reader.ok() || malformed(reader);
  }

  bool hand_over_span(const Field& field) {
    span_.clear();
    in_span_ = true;
    if (!read_span(field.bytes)) return false;
    if (!span_.is_blank() && !sink_.take(span_, failure_)) return wrong_at(field.whole.data(), "");
    in_span_ = false;
    ++index_;
    return true;
  }

  bool read_process(const Field& outer, Process& into) {
    into.exists = true;
    FieldReader reader(outer.bytes, wire::kDepthMax - 2);
    for (Field field; reader.next(&field);) {
      if (field.is(1, WireType::kLen) && !text(field, "process", &into.service_name)) return false;
      if (field.is(2, WireType::kLen) && !read_tag(field, "process", into.tags)) return false;
    }
    return reader.ok() || malformed(reader);
  }

  bool read_span(std::span<const uint8_t> message) {
    uint64_t duration_ns = 0;
    FieldReader reader(message, wire::kDepthMax - 2);
    for (Field field; reader.next(&field);) {
      pace_.step(32 + field.whole.size() / 16);
      if (field.is(5, WireType::kVarint)) span_.flags = static_cast<uint32_t>(field.value);
      if (field.type == WireType::kLen && !read_len_field(field, &duration_ns)) return false;
    }
    if (!reader.ok()) return malformed(reader);
    span_.end_ns = span_.start_ns + duration_ns;
    return true;
  }

  bool read_len_field(const Field& field, uint64_t* duration_ns) {
    switch (field.number) {
      case 1:
        return trace_id(field, "trace_id", &span_.trace_high, &span_.trace_low);
      case 2:
        return span_id(field, "span_id", &span_.id);
      case 3:
        return text(field, "operation_name", &span_.name);
      case 4:
        return read_reference(field);
      case 6:
        span_.has_more = true;
        return moment(field, "start_time", MomentKind::kTimestamp, &span_.start_ns);
      case 7:
        span_.has_more = true;
        return moment(field, "duration", MomentKind::kDuration, duration_ns);
      case 8:
        return read_tag(field, "tags", span_.tags);
      case 9:
        return read_log(field);
      case 10:
        return read_process(field, span_.process);
      case 11:  // process_id
      case 12:  // warnings
        span_.has_more = true;
        return true;
      default:
        return true;
    }
  }

  bool trace_id(const Field& field, std::string_view name, uint64_t* high, uint64_t* low) {
    if (field.bytes.size() != 8 && field.bytes.size() != 16) {
      return wrong(field, name, "expected 8 or 16 bytes");
    }
    *high = field.bytes.size() == 16 ? big_endian(field.bytes.first(8)) : 0;
    *low = big_endian(field.bytes.last(8));
    return true;
  }
  bool span_id(const Field& field, std::string_view name, uint64_t* into) {
    if (field.bytes.size() != 8) return wrong(field, name, "expected 8 bytes");
    *into = big_endian(field.bytes);
    return true;
  }
  bool text(const Field& field, std::string_view name, std::string_view* into) {
    *into = field.text();
    return wire::is_utf8_in_steps(*into, pace_) || wrong(field, name, "is not valid UTF-8");
  }

  // Nanoseconds of 64 bits, which wrap as in otelcol.
  bool moment(const Field& outer, std::string_view name, MomentKind kind, uint64_t* into) {
    int64_t seconds = 0;
    int32_t nanos = 0;
    FieldReader reader(outer.bytes, wire::kDepthMax - 3);
    for (Field field; reader.next(&field);) {
      if (field.is(1, WireType::kVarint)) seconds = static_cast<int64_t>(field.value);
      if (field.is(2, WireType::kVarint)) nanos = static_cast<int32_t>(field.value);
    }
    if (!reader.ok()) return malformed(reader);
    const bool is_time = kind == MomentKind::kTimestamp;
    const int64_t min = is_time ? kSecondsMin : -kDurationSecondsMax;
    const int64_t max = is_time ? kSecondsMax : kDurationSecondsMax;
    const int64_t nanos_min = is_time ? 0 : 1 - kNanosecondsPerSecond;
    const bool has_two_signs =
        !is_time && ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0));
    if (seconds < min || seconds > max || nanos < nanos_min || nanos >= kNanosecondsPerSecond ||
        has_two_signs) {
      return wrong(outer, name, "is out of range");
    }
    if (!is_time && (seconds > INT64_MAX / kNanosecondsPerSecond ||
                     seconds < INT64_MIN / kNanosecondsPerSecond)) {
      return wrong(outer, name, "is out of range");
    }
    *into = static_cast<uint64_t>(seconds) * uint64_t{kNanosecondsPerSecond} +
            static_cast<uint64_t>(int64_t{nanos});
    return true;
  }

  bool read_reference(const Field& outer) {
    Reference reference;
    FieldReader reader(outer.bytes, wire::kDepthMax - 3);
    for (Field field; reader.next(&field);) {
      if (field.is(1, WireType::kLen) &&
          !trace_id(field, "references", &reference.trace_high, &reference.trace_low)) {
        return false;
      }
      if (field.is(2, WireType::kLen) && !span_id(field, "references", &reference.span_id)) {
        return false;
      }
      if (field.is(3, WireType::kVarint)) {
        // An enum takes 32 bits of its varint.
        const auto kind = static_cast<uint32_t>(field.value);
        reference.kind = kind == 0   ? Reference::Kind::kChildOf
                         : kind == 1 ? Reference::Kind::kFollowsFrom
                                     : Reference::Kind::kUnknown;
      }
    }
    if (!reader.ok()) return malformed(reader);
    return span_.references.push(reference) || no_memory(outer);
  }

  bool read_log(const Field& outer) {
    Log log{.fields_begin = span_.log_fields.items().size()};
    FieldReader reader(outer.bytes, wire::kDepthMax - 3);
    for (Field field; reader.next(&field);) {
      pace_.step(16);
      if (field.is(1, WireType::kLen) &&
          !moment(field, "logs", MomentKind::kTimestamp, &log.time_ns)) {
        return false;
      }
      if (field.is(2, WireType::kLen) && !read_tag(field, "logs", span_.log_fields)) return false;
    }
    if (!reader.ok()) return malformed(reader);
    log.fields_end = span_.log_fields.items().size();
    return span_.logs.push(log) || no_memory(outer);
  }

  bool read_tag(const Field& outer, std::string_view name, BudgetedList<Tag>& into) {
    Tag tag;
    uint32_t type = 0;
    uint64_t boolean = 0;
    uint64_t integer = 0;
    uint64_t double_bits = 0;
    pace_.step(32);
    FieldReader reader(outer.bytes, wire::kDepthMax - 4);
    for (Field field; reader.next(&field);) {
      if (field.is(1, WireType::kLen) && !text(field, name, &tag.key)) return false;
      if (field.is(2, WireType::kVarint)) type = static_cast<uint32_t>(field.value);
      if (field.is(3, WireType::kLen) && !text(field, name, &tag.text)) return false;
      if (field.is(4, WireType::kVarint)) boolean = field.value != 0 ? 1 : 0;
      if (field.is(5, WireType::kVarint)) integer = field.value;
      if (field.is(6, WireType::kI64)) double_bits = field.value;
      if (field.is(7, WireType::kLen)) tag.bytes = field.text();
    }
    if (!reader.ok()) return malformed(reader);
    // The order of the kinds is that of Jaeger's types.
    tag.kind = type < static_cast<uint32_t>(Tag::Kind::kUnknown) ? static_cast<Tag::Kind>(type)
                                                                 : Tag::Kind::kUnknown;
    if (tag.kind == Tag::Kind::kBoolean) tag.number = boolean;
    if (tag.kind == Tag::Kind::kInteger) tag.number = integer;
    if (tag.kind == Tag::Kind::kDouble) tag.number = double_bits;
    if (tag.kind == Tag::Kind::kUnknown) tag.number = type;
    return into.push(tag) || no_memory(outer);
  }

  const std::span<const uint8_t> body_;
  Pace& pace_;
  Process process_;
  Span span_;
  BatchSink& sink_;
  Failure& failure_;
  size_t index_ = 0;
  bool in_span_ = false;
  std::string_view field_;
  std::string_view what_;
  const uint8_t* failure_at_ = body_.data();
};

}  // namespace

Status read_protobuf_batch(std::span<const uint8_t> body, Work& work, BatchSink& sink,
                           Failure& failure) {
  return BatchReader(body, work, sink, failure).run();
}

}  // namespace millrace::receivers::jaeger
