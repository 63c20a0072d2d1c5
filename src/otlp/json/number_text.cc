#include "otlp/json/number_text.h"

#include <array>
#include <charconv>
#include <cstring>

#include "otlp/json/text_values.h"
#include "wire/protobuf.h"

namespace millrace::otlp::json {
namespace {

template <class Number>
void append_digits(Number number, std::string* out) {
  std::array<char, 24> text;
  out->append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}
template <class Number>
void append_quoted(Number number, std::string* out) {
  *out += '"';
  append_digits(number, out);
  *out += '"';
}

}  // namespace

void append_number(Kind kind, uint64_t bits, std::string* out) {
  switch (kind) {
    case Kind::kBool:
      *out += bits != 0 ? "true" : "false";
      break;
    case Kind::kInt32:
    case Kind::kEnum:
      append_digits(static_cast<int32_t>(bits), out);
      break;
    case Kind::kSint32:
      append_digits(static_cast<int32_t>(wire::zigzag_decode(bits & UINT32_MAX)), out);
      break;
    case Kind::kUint32:
    case Kind::kFixed32:
      append_digits(static_cast<uint32_t>(bits), out);
      break;
    case Kind::kInt64:
    case Kind::kSfixed64:
      append_quoted(static_cast<int64_t>(bits), out);
      break;
    case Kind::kUint64:
    case Kind::kFixed64:
      append_quoted(bits, out);
      break;
    default: {
      double value;
      std::memcpy(&value, &bits, sizeof value);
      append_double(value, out);
    }
  }
}

}  // namespace millrace::otlp::json
