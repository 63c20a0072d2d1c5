// A text that is written as a JSON string contains neither control characters nor unescaped quotes,
// and a reader that implements RFC 8259 alone reads the same text back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json_string.h"
#include "base/testing/fuzz_input.h"

namespace {

unsigned hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  MILLRACE_CHECK(c >= 'a' && c <= 'f');
  return static_cast<unsigned>(c - 'a' + 10);
}

std::string unescaped(std::string_view literal) {
  MILLRACE_CHECK(literal.size() >= 2 && literal.starts_with('"') && literal.ends_with('"'));
  literal = literal.substr(1, literal.size() - 2);
  std::string text;
  for (size_t i = 0; i < literal.size(); ++i) {
    const auto byte = static_cast<unsigned char>(literal[i]);
    MILLRACE_CHECK(byte >= 0x20 && byte != 0x7f && byte != '"');
    if (byte != '\\') {
      text += literal[i];
      continue;
    }
    MILLRACE_CHECK(++i < literal.size());
    switch (literal[i]) {
      case 'n':
        text += '\n';
        break;
      case 'r':
        text += '\r';
        break;
      case 't':
        text += '\t';
        break;
      case 'u':
        MILLRACE_CHECK(i + 4 < literal.size() && literal.substr(i + 1, 2) == "00");
        text += static_cast<char>(hex_value(literal[i + 3]) << 4 | hex_value(literal[i + 4]));
        i += 4;
        break;
      default:
        MILLRACE_CHECK(literal[i] == '"' || literal[i] == '\\');
        text += literal[i];
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = millrace::testing::FuzzInput(data, size).rest_text();
  MILLRACE_CHECK(unescaped(millrace::json_string(text)) == text);
  std::string behind = "{";
  millrace::append_json_string(behind, text);
  MILLRACE_CHECK(behind == "{" + millrace::json_string(text));
  return 0;
}
