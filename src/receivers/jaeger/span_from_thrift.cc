#include "receivers/jaeger/span_from_thrift.h"

#include <array>

#include "wire/paced_utf8.h"

namespace millrace::receivers::jaeger {

using Field = ThriftReader::Field;
using Type = ThriftReader::Type;

namespace {

// The types of a tag, with Jaeger's numbers.
constexpr int32_t kString = 0;
constexpr int32_t kDouble = 1;
constexpr int32_t kBool = 2;
constexpr int32_t kLong = 3;
constexpr int32_t kBinary = 4;
// The text that otelcol makes of every other type.
constexpr std::string_view kUnknownTag = "<Unknown Jaeger TagType \"<UNSET>\">";

// As in otelcol, 64 bits wrap.
uint64_t nanoseconds(uint64_t microseconds) { return microseconds * 1000; }

}  // namespace

struct SpanFromThrift::Times {
  int64_t start_us = 0;
  int64_t duration_us = 0;
};

struct SpanFromThrift::Values {
  int32_t type = kString;
  bool boolean = false;
  int64_t integer = 0;
  uint64_t double_bits = 0;
  SeenFields seen;

  void choose(Tag& tag) const {
    switch (type) {
      case kString:
        return;
      case kDouble:
        tag.kind = Tag::Kind::kDouble;
        tag.number = double_bits;
        return;
      case kBool:
        tag.kind = Tag::Kind::kBoolean;
        tag.number = boolean ? 1 : 0;
        return;
      case kLong:
        tag.kind = Tag::Kind::kInteger;
        tag.number = static_cast<uint64_t>(integer);
        return;
      case kBinary:
        tag.kind = Tag::Kind::kBytes;
        return;
      default:
        tag.text = kUnknownTag;
    }
  }
};

bool SpanFromThrift::no_memory() {
  failure_.kind = Failure::Kind::kMemory;
  return reader_.fail("no memory");
}

bool SpanFromThrift::read_text(std::string_view* into) {
  const uint8_t* const at = reader_.position();
  return reader_.read_text(into) &&
         (wire::is_utf8_in_steps(*into, pace_) || reader_.fail_at("is not valid UTF-8", at));
}

bool SpanFromThrift::read_structs(uint32_t* count) {
  const uint8_t* const at = reader_.position();
  Type element = Type::kStop;
  if (!reader_.read_list(&element, count)) return false;
  return *count == 0 || element == Type::kStruct ||
         reader_.fail_at("expected a list of structs", at);
}

bool SpanFromThrift::read_id(uint64_t* into) {
  int64_t value = 0;
  if (!reader_.read_i64(&value)) return false;
  *into = static_cast<uint64_t>(value);
  return true;
}

bool SpanFromThrift::read_span(Span& span) {
  seen_ = {};
  Times times;
  for (Field field;;) {
    field_ = {};
    if (!reader_.next_field(field)) return false;
    if (field.type == Type::kStop) break;
    if (!read_span_field(field, span, times)) return false;
  }
  if (!seen_.has(1, 2, 3, 4, 5, 7, 8, 9)) return reader_.fail("lacks a required field");
  const auto start = static_cast<uint64_t>(times.start_us);
  const auto duration = static_cast<uint64_t>(times.duration_us);
  span.start_ns = nanoseconds(start);
  span.end_ns = nanoseconds(start + duration);
  span.has_more = span.has_more || start != 0 || duration != 0;
  return true;
}

bool SpanFromThrift::read_span_field(const Field& field, Span& span, Times& times) {
  if (field.is(5, Type::kText)) {
    field_ = "operationName";
    seen_.note(field.id);
    return read_text(&span.name);
  }
  if (field.is(7, Type::kI32)) {
    int32_t flags = 0;
    seen_.note(field.id);
    if (!reader_.read_i32(&flags)) return false;
    span.flags = static_cast<uint32_t>(flags);
    return true;
  }
  if (field.type == Type::kI64) return read_number(field, span, times);
  return field.type == Type::kList ? read_list(field, span) : reader_.skip(field);
}

bool SpanFromThrift::read_number(const Field& field, Span& span, Times& times) {
  seen_.note(field.id);
  switch (field.id) {
    case 1:
      return read_id(&span.trace_low);
    case 2:
      return read_id(&span.trace_high);
    case 3:
      return read_id(&span.id);
    case 4:
      return read_id(&span.parent_id);
    case 8:
      return reader_.read_i64(&times.start_us);
    case 9:
      return reader_.read_i64(&times.duration_us);
    default:
      return reader_.skip(field);
  }
}

bool SpanFromThrift::read_list(const Field& field, Span& span) {
  if (field.id != 6 && field.id != 10 && field.id != 11) return reader_.skip(field);
  span.has_more = true;
  switch (field.id) {
    case 6:
      return read_references(span);
    case 10:
      field_ = "tags";
      span.tags.clear();
      return read_tags(span.tags);
    default:
      return read_logs(span);
  }
}

bool SpanFromThrift::read_tags(BudgetedList<Tag>& into) {
  uint32_t count = 0;
  if (!read_structs(&count)) return false;
  for (; count > 0; --count) {
    Tag tag;
    if (!read_tag(tag)) return false;
    if (!into.push(tag)) return no_memory();
  }
  return true;
}

bool SpanFromThrift::read_tag(Tag& tag) {
  Values values;
  for (Field field;;) {
    if (!reader_.next_field(field)) return false;
    if (field.type == Type::kStop) break;
    if (!read_tag_field(field, tag, values)) return false;
  }
  if (!values.seen.has(1, 2)) return reader_.fail("has a tag without a key or a type");
  values.choose(tag);
  return true;
}

bool SpanFromThrift::read_tag_field(const Field& field, Tag& tag, Values& values) {
  if (field.is(1, Type::kText)) {
    values.seen.note(field.id);
    return read_text(&tag.key);
  }
  if (field.is(2, Type::kI32)) {
    values.seen.note(field.id);
    return reader_.read_i32(&values.type);
  }
  if (field.is(3, Type::kText)) return read_text(&tag.text);
  if (field.is(4, Type::kDouble)) return reader_.read_double(&values.double_bits);
  if (field.is(5, Type::kBoolean)) return reader_.read_boolean(field, &values.boolean);
  if (field.is(6, Type::kI64)) return reader_.read_i64(&values.integer);
  return field.is(7, Type::kText) ? reader_.read_text(&tag.bytes) : reader_.skip(field);
}

bool SpanFromThrift::read_logs(Span& span) {
  uint32_t count = 0;
  field_ = "logs";
  span.logs.clear();
  span.log_fields.clear();
  if (!read_structs(&count)) return false;
  for (; count > 0; --count) {
    if (!read_log(span)) return false;
  }
  return true;
}

bool SpanFromThrift::read_log(Span& span) {
  SeenFields seen;
  Log log{.fields_begin = span.log_fields.items().size()};
  for (Field field;;) {
    if (!reader_.next_field(field)) return false;
    if (field.type == Type::kStop) break;
    bool fine = true;
    if (field.is(1, Type::kI64)) {
      uint64_t timestamp = 0;
      seen.note(field.id);
      fine = read_id(&timestamp);
      log.time_ns = nanoseconds(timestamp);
    } else if (field.is(2, Type::kList)) {
      if (seen.has(2)) return reader_.fail_at("has fields twice", field.at);
      seen.note(field.id);
      fine = read_tags(span.log_fields);
    } else {
      fine = reader_.skip(field);
    }
    if (!fine) return false;
  }
  if (!seen.has(1, 2)) return reader_.fail("has a log without a timestamp or fields");
  log.fields_end = span.log_fields.items().size();
  return span.logs.push(log) || no_memory();
}

bool SpanFromThrift::read_references(Span& span) {
  uint32_t count = 0;
  field_ = "references";
  span.references.clear();
  if (!read_structs(&count)) return false;
  for (; count > 0; --count) {
    if (!read_reference(span)) return false;
  }
  return true;
}

bool SpanFromThrift::read_reference(Span& span) {
  SeenFields seen;
  Reference reference;
  const std::array<uint64_t*, 3> ids = {&reference.trace_low, &reference.trace_high,
                                        &reference.span_id};
  for (Field field;;) {
    if (!reader_.next_field(field)) return false;
    if (field.type == Type::kStop) break;
    bool fine = true;
    if (field.is(1, Type::kI32)) {
      int32_t kind = 0;
      seen.note(field.id);
      fine = reader_.read_i32(&kind);
      reference.kind = kind == 0   ? Reference::Kind::kChildOf
                       : kind == 1 ? Reference::Kind::kFollowsFrom
                                   : Reference::Kind::kUnknown;
    } else if (field.type == Type::kI64 && field.id >= 2 && field.id <= 4) {
      seen.note(field.id);
      fine = read_id(ids[static_cast<size_t>(field.id - 2)]);
    } else {
      fine = reader_.skip(field);
    }
    if (!fine) return false;
  }
  if (!seen.has(1, 2, 3, 4)) return reader_.fail("has one that lacks a required field");
  return span.references.push(reference) || no_memory();
}

}  // namespace millrace::receivers::jaeger
