// The walk from a parsed text to protobuf; the implementation behind decode.cc.
//
// simdjson's on-demand parser is lazy: it does not check values that are not read. This code
// therefore reads everything: each value is either written or walked. Strings without escapes,
// which are nearly all, are copied directly from the text to the output; simdjson's own string
// functions would copy them twice. One use, one thread.
#pragma once

// The parser's assertions on the order of calls are enabled for fuzzing only.
#ifndef MILLRACE_DEBUG_CHECKS
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#endif
#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "otlp/json/output.h"
#include "otlp/json/schema.h"

namespace millrace::otlp::json {

inline std::string_view trim(std::string_view token) {
  while (!token.empty() && std::string_view(" \t\n\r").contains(token.back())) {
    token.remove_suffix(1);
  }
  return token;
}

// Why the walk stopped.
struct Failure {
  enum class Kind : uint8_t { kNone, kSyntax, kValue, kRoom };
  Kind kind = Kind::kNone;
  const char* at = nullptr;  // kValue
  std::string path;
  std::string message;
};

class Transcoder {
 public:
  Transcoder(Output& out, Pace& pace) : out_(out), pace_(pace) {}
  bool message_body(const Message& message, simdjson::ondemand::object fields, int depth);
  const Failure& failure() const { return failure_; }
  bool syntax_failure() {
    failure_.kind = Failure::Kind::kSyntax;
    return false;
  }

 private:
  bool key_of(simdjson::ondemand::field& entry, std::string_view* key);
  const Field* find_leniently(const Message& message, std::string_view key);
  bool field_value(const Field& field, simdjson::ondemand::value& from, int depth);
  bool nested(const Field& field, simdjson::ondemand::value& from, int depth);
  bool elements(const Field& field, simdjson::ondemand::value& from, int depth);
  bool packed(const Field& field, simdjson::ondemand::array& from);
  bool scalar(const Field& field, simdjson::ondemand::value& from);
  bool string_like(const Field& field, simdjson::ondemand::value& from);
  bool number_like(const Field& field, simdjson::ondemand::value& from);
  void put_number(Kind kind, uint64_t bits);
  bool read_number(const Field& field, simdjson::ondemand::value& from, uint64_t* bits);
  bool number_from_text(const Field& field, std::string_view text, uint64_t* bits);
  bool text_of(simdjson::ondemand::value& from, std::string_view* text);
  bool skip(simdjson::ondemand::value& from, int depth);

  // The first character determines the type of a value; the parser has not read it yet.
  static char kind_of(simdjson::ondemand::value& from) { return from.raw_json_token()[0]; }
  bool take_null(simdjson::ondemand::value& from);
  bool wrong(simdjson::ondemand::value& from, std::string_view expected);
  bool no_room() {
    failure_.kind = Failure::Kind::kRoom;
    return false;
  }
  bool need(size_t size) { return out_.need(size) || no_room(); }
  void within(std::string_view name);
  void within(size_t index);

  Output& out_;
  Pace& pace_;
  Failure failure_;
};

}  // namespace millrace::otlp::json
