// Transcoder: numbers in all forms of OTLP/JSON.
#include <cstring>
#include <limits>

#include "otlp/json/syntax.h"
#include "otlp/json/text_values.h"
#include "otlp/json/transcoder.h"

namespace millrace::otlp::json {

using simdjson::ondemand::value;
using wire::WireType;

namespace {

std::string_view expectation(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "true or false";
    case Kind::kDouble:
      return "a number, \"NaN\", \"Infinity\" or \"-Infinity\"";
    case Kind::kEnum:
      return "a number or a name of this enum";
    case Kind::kInt32:
    case Kind::kSint32:
      return "a 32-bit integer";
    case Kind::kUint32:
    case Kind::kFixed32:
      return "a 32-bit integer without sign";
    case Kind::kUint64:
    case Kind::kFixed64:
      return "a 64-bit integer without sign, or its decimal string";
    default:
      return "a 64-bit integer, or its decimal string";
  }
}

bool is_unsigned(Kind kind) {
  return kind == Kind::kUint64 || kind == Kind::kFixed64 || kind == Kind::kUint32 ||
         kind == Kind::kFixed32;
}

// Checks the field's range; false outside. `bits` receives the value as on the wire.
bool in_range(Kind kind, int64_t number, uint64_t* bits) {
  const bool fits = number >= std::numeric_limits<int32_t>::min() &&
                    number <= std::numeric_limits<int32_t>::max();
  *bits = static_cast<uint64_t>(number);
  switch (kind) {
    case Kind::kSint32:
      *bits = wire::zigzag_encode(number);
      return fits;
    case Kind::kInt32:
    case Kind::kEnum:
      return fits;
    default:
      return true;
  }
}
bool in_range(Kind kind, uint64_t number, uint64_t* bits) {
  *bits = number;
  return (kind != Kind::kUint32 && kind != Kind::kFixed32) ||
         number <= std::numeric_limits<uint32_t>::max();
}

}  // namespace

bool Transcoder::number_like(const Field& field, value& from) {
  uint64_t bits = 0;
  if (!read_number(field, from, &bits)) return false;
  if (bits == 0 && field.presence == Presence::kImplicit) return true;
  if (!need(2 * wire::kVarintBytesMax)) return false;
  out_.tag(field.number, wire_type_of(field.kind));
  put_number(field.kind, bits);
  return true;
}

void Transcoder::put_number(Kind kind, uint64_t bits) {
  switch (wire_type_of(kind)) {
    case WireType::kI64:
      return out_.fixed(bits);
    case WireType::kI32:
      return out_.fixed(static_cast<uint32_t>(bits));
    default:
      return out_.varint(bits);
  }
}

// Reads a number, a string that contains one, true or false, or an enum's name.
bool Transcoder::read_number(const Field& field, value& from, uint64_t* bits) {
  const char first = kind_of(from);
  if (field.kind == Kind::kBool) {
    bool truth = false;
    if (first != 't' && first != 'f') return wrong(from, expectation(field.kind));
    if (from.get_bool().get(truth) != simdjson::SUCCESS) return syntax_failure();
    *bits = truth ? 1 : 0;
    return true;
  }
  if (first == '"') {
    value before = from;
    std::string_view text;
    if (!text_of(from, &text)) return false;
    int32_t enum_value = 0;
    if (field.kind == Kind::kEnum && find_enum_value(field.enumeration, text, &enum_value)) {
      *bits = static_cast<uint64_t>(static_cast<int64_t>(enum_value));
      return true;
    }
    return number_from_text(field, text, bits) || wrong(before, expectation(field.kind));
  }
  if (first != '-' && (first < '0' || first > '9')) return wrong(from, expectation(field.kind));
  if (field.kind == Kind::kDouble) {
    double number = 0;
    if (from.get_double().get(number) == simdjson::SUCCESS) {
      std::memcpy(bits, &number, sizeof number);
      return true;
    }
  } else if (is_unsigned(field.kind)) {
    uint64_t number = 0;
    if (from.get_uint64().get(number) == simdjson::SUCCESS) {
      return in_range(field.kind, number, bits) || wrong(from, expectation(field.kind));
    }
  } else {
    int64_t number = 0;
    if (from.get_int64().get(number) == simdjson::SUCCESS) {
      return in_range(field.kind, number, bits) || wrong(from, expectation(field.kind));
    }
  }
  // Either 1e3 or 2.0 for an integer, or not a number.
  const std::string_view token = trim(from.raw_json_token());
  if (!is_json_number(token)) return syntax_failure();
  return number_from_text(field, token, bits) || wrong(from, expectation(field.kind));
}

bool Transcoder::number_from_text(const Field& field, std::string_view text, uint64_t* bits) {
  if (field.kind == Kind::kDouble) {
    double number = 0;
    if (!parse_double(text, &number)) return false;
    std::memcpy(bits, &number, sizeof number);
    return true;
  }
  if (is_unsigned(field.kind)) {
    uint64_t number = 0;
    return parse_uint64(text, &number) && in_range(field.kind, number, bits);
  }
  int64_t number = 0;
  return parse_int64(text, &number) && in_range(field.kind, number, bits);
}

}  // namespace millrace::otlp::json
