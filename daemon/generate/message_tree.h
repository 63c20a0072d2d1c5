// A message as a tree of fields that encodes itself as protobuf and as OTLP/JSON, so that generated
// content is described once. Built at start-up; speed is irrelevant.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/generate/payload_template.h"

namespace millrace::load {

struct Field {
  enum class Kind : uint8_t {
    kMessage,
    kRepeatedMessage,  // adjacent fields with one name form one JSON array
    kString,
    kBool,
    kEnum,     // a varint; a number in JSON
    kInteger,  // a varint; a decimal string in JSON
    kDouble,
    kFixed64,        // a decimal string in JSON
    kPackedFixed64,  // integers; an array of decimal strings in JSON
    kPackedDoubles,  // reals; an array of numbers in JSON
    kTraceId,        // integer: the number of the item that owns the trace
    kSpanId,         // integer: the number of the item
    kTime,           // integer: nanoseconds since the request's time
  };
  uint32_t number = 0;
  std::string_view json_name;  // with static storage duration
  Kind kind = Kind::kMessage;
  std::string text;
  int64_t integer = 0;
  double real = 0;
  std::vector<int64_t> integers;
  std::vector<double> reals;
  std::vector<Field> fields;
};

using Message = std::vector<Field>;

Field message_field(uint32_t number, std::string_view json_name, Message fields);
Field repeated_field(uint32_t number, std::string_view json_name, Message fields);
Field string_field(uint32_t number, std::string_view json_name, std::string text);
Field bool_field(uint32_t number, std::string_view json_name, int64_t truth);
Field enum_field(uint32_t number, std::string_view json_name, int64_t value);
Field integer_field(uint32_t number, std::string_view json_name, int64_t value);
Field double_field(uint32_t number, std::string_view json_name, double value);
Field fixed64_field(uint32_t number, std::string_view json_name, int64_t value);
Field packed_fixed64_field(uint32_t number, std::string_view json_name, std::vector<int64_t> all);
Field packed_doubles_field(uint32_t number, std::string_view json_name, std::vector<double> all);
Field trace_id_field(uint32_t number, int64_t item);
Field span_id_field(uint32_t number, std::string_view json_name, int64_t item);
Field time_field(uint32_t number, std::string_view json_name, int64_t after_ns);

Fragment to_protobuf(const Message& message);
Fragment to_json(const Message& message);

}  // namespace millrace::load
