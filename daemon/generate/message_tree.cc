#include "daemon/generate/message_tree.h"

#include <charconv>
#include <cstring>
#include <utility>

#include "base/json_string.h"

namespace millrace::load {
namespace {

using Kind = Field::Kind;

constexpr uint64_t kVarint = 0;
constexpr uint64_t kI64 = 1;
constexpr uint64_t kLen = 2;

void append_tag(Fragment& out, uint32_t number, uint64_t wire_type) {
  out.append_varint(uint64_t{number} << 3 | wire_type);
}

void append_little_endian(Fragment& out, uint64_t value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(std::string_view(bytes, sizeof bytes));
}

uint64_t bits_of(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

void append_length_delimited(Fragment& out, uint32_t number, const Fragment& content) {
  append_tag(out, number, kLen);
  out.append_varint(content.bytes().size());
  out.append(content);
}

void append_protobuf(Fragment& out, const Field& field) {
  switch (field.kind) {
    case Kind::kMessage:
    case Kind::kRepeatedMessage:
      append_length_delimited(out, field.number, to_protobuf(field.fields));
      return;
    case Kind::kString:
      append_tag(out, field.number, kLen);
      out.append_varint(field.text.size());
      out.append(field.text);
      return;
    case Kind::kBool:
    case Kind::kEnum:
    case Kind::kInteger:
      append_tag(out, field.number, kVarint);
      out.append_varint(static_cast<uint64_t>(field.integer));
      return;
    case Kind::kDouble:
      append_tag(out, field.number, kI64);
      append_little_endian(out, bits_of(field.real));
      return;
    case Kind::kFixed64:
      append_tag(out, field.number, kI64);
      append_little_endian(out, static_cast<uint64_t>(field.integer));
      return;
    case Kind::kPackedFixed64: {
      Fragment content;
      for (const int64_t value : field.integers) {
        append_little_endian(content, static_cast<uint64_t>(value));
      }
      append_length_delimited(out, field.number, content);
      return;
    }
    case Kind::kPackedDoubles: {
      Fragment content;
      for (const double value : field.reals) append_little_endian(content, bits_of(value));
      append_length_delimited(out, field.number, content);
      return;
    }
    case Kind::kTraceId:
      append_tag(out, field.number, kLen);
      out.append_varint(width_of(SlotKind::kTraceIdBytes));
      out.append_slot(SlotKind::kTraceIdBytes, field.integer);
      return;
    case Kind::kSpanId:
      append_tag(out, field.number, kLen);
      out.append_varint(width_of(SlotKind::kSpanIdBytes));
      out.append_slot(SlotKind::kSpanIdBytes, field.integer);
      return;
    case Kind::kTime:
      append_tag(out, field.number, kI64);
      out.append_slot(SlotKind::kTimeFixed64, field.integer);
      return;
  }
}

void append_json_double(Fragment& out, double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(std::string_view(text, static_cast<size_t>(end - text)));
}

// 64-bit integers are strings in proto3's JSON.
void append_json_integer(Fragment& out, int64_t value) {
  out.append('"');
  out.append(std::to_string(value));
  out.append('"');
}

void append_json_slot(Fragment& out, SlotKind kind, int64_t argument) {
  out.append('"');
  out.append_slot(kind, argument);
  out.append('"');
}

void append_json_value(Fragment& out, const Field& field) {
  switch (field.kind) {
    case Kind::kMessage:
    case Kind::kRepeatedMessage:
      return out.append(to_json(field.fields));
    case Kind::kString:
      return out.append(json_string(field.text));
    case Kind::kBool:
      return out.append(field.integer != 0 ? "true" : "false");
    case Kind::kEnum:
      return out.append(std::to_string(field.integer));
    case Kind::kInteger:
    case Kind::kFixed64:
      return append_json_integer(out, field.integer);
    case Kind::kDouble:
      return append_json_double(out, field.real);
    case Kind::kPackedFixed64:
      for (size_t i = 0; i < field.integers.size(); ++i) {
        out.append(i == 0 ? '[' : ',');
        append_json_integer(out, field.integers[i]);
      }
      return out.append(field.integers.empty() ? "[]" : "]");
    case Kind::kPackedDoubles:
      for (size_t i = 0; i < field.reals.size(); ++i) {
        out.append(i == 0 ? '[' : ',');
        append_json_double(out, field.reals[i]);
      }
      return out.append(field.reals.empty() ? "[]" : "]");
    case Kind::kTraceId:
      return append_json_slot(out, SlotKind::kTraceIdHex, field.integer);
    case Kind::kSpanId:
      return append_json_slot(out, SlotKind::kSpanIdHex, field.integer);
    case Kind::kTime:
      return append_json_slot(out, SlotKind::kTimeDecimal, field.integer);
  }
}

Field plain_field(uint32_t number, std::string_view json_name, Kind kind, int64_t integer) {
  Field field;
  field.number = number;
  field.json_name = json_name;
  field.kind = kind;
  field.integer = integer;
  return field;
}

}  // namespace

Field message_field(uint32_t number, std::string_view json_name, Message fields) {
  Field field = plain_field(number, json_name, Kind::kMessage, 0);
  field.fields = std::move(fields);
  return field;
}
Field repeated_field(uint32_t number, std::string_view json_name, Message fields) {
  Field field = plain_field(number, json_name, Kind::kRepeatedMessage, 0);
  field.fields = std::move(fields);
  return field;
}
Field string_field(uint32_t number, std::string_view json_name, std::string text) {
  Field field = plain_field(number, json_name, Kind::kString, 0);
  field.text = std::move(text);
  return field;
}
Field bool_field(uint32_t number, std::string_view json_name, int64_t truth) {
  return plain_field(number, json_name, Kind::kBool, truth);
}
Field enum_field(uint32_t number, std::string_view json_name, int64_t value) {
  return plain_field(number, json_name, Kind::kEnum, value);
}
Field integer_field(uint32_t number, std::string_view json_name, int64_t value) {
  return plain_field(number, json_name, Kind::kInteger, value);
}
Field double_field(uint32_t number, std::string_view json_name, double value) {
  Field field = plain_field(number, json_name, Kind::kDouble, 0);
  field.real = value;
  return field;
}
Field fixed64_field(uint32_t number, std::string_view json_name, int64_t value) {
  return plain_field(number, json_name, Kind::kFixed64, value);
}
Field packed_fixed64_field(uint32_t number, std::string_view json_name, std::vector<int64_t> all) {
  Field field = plain_field(number, json_name, Kind::kPackedFixed64, 0);
  field.integers = std::move(all);
  return field;
}
Field packed_doubles_field(uint32_t number, std::string_view json_name, std::vector<double> all) {
  Field field = plain_field(number, json_name, Kind::kPackedDoubles, 0);
  field.reals = std::move(all);
  return field;
}
Field trace_id_field(uint32_t number, int64_t item) {
  return plain_field(number, "traceId", Kind::kTraceId, item);
}
Field span_id_field(uint32_t number, std::string_view json_name, int64_t item) {
  return plain_field(number, json_name, Kind::kSpanId, item);
}
Field time_field(uint32_t number, std::string_view json_name, int64_t after_ns) {
  return plain_field(number, json_name, Kind::kTime, after_ns);
}

Fragment to_protobuf(const Message& message) {
  Fragment out;
  for (const Field& field : message) append_protobuf(out, field);
  return out;
}

Fragment to_json(const Message& message) {
  Fragment out;
  out.append('{');
  for (size_t i = 0; i < message.size(); ++i) {
    const Field& field = message[i];
    const auto continues = [&](size_t other) {
      return field.kind == Kind::kRepeatedMessage && other < message.size() &&
             message[other].json_name == field.json_name;
    };
    if (i > 0) out.append(',');
    if (i == 0 || !continues(i - 1)) {
      out.append(json_string(field.json_name));
      out.append(':');
      if (field.kind == Kind::kRepeatedMessage) out.append('[');
    }
    append_json_value(out, field);
    if (field.kind == Kind::kRepeatedMessage && !continues(i + 1)) out.append(']');
  }
  out.append('}');
  return out;
}

}  // namespace millrace::load
