// The tokens of OTTL. Pure functions.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "ottl/diagnostic.h"

namespace millrace::ottl {

struct Token {
  enum class Kind : uint8_t {
    kEnd,
    kLowerName,  // [a-z][a-z0-9_]*
    kUpperName,  // [A-Z][A-Z0-9_]*
    kMixedName,  // other words; the first letter tells editors from converters
    kInt,
    kFloat,
    kString,  // with quotes and escapes
    kBytes,   // 0x…
    kNil,
    kTrue,
    kFalse,
    kNot,
    kAnd,
    kOr,
    kComparison,
    kArrow,  // =>
    kSign,   // one character: + - * / = ( ) { } [ ] : , . _
  };
  Kind kind = Kind::kEnd;
  uint32_t offset = 0;
  std::string_view text;

  bool is(char sign) const { return kind == Kind::kSign && text[0] == sign; }
  bool begins_upper() const { return text[0] >= 'A' && text[0] <= 'Z'; }
};

// The last token is kEnd. The tokens are views into `text`.
std::expected<std::vector<Token>, Diagnostic> read_tokens(std::string_view text);

// The content of a string token: Go's escapes, where \xHH and octal ones name characters. The
// result is valid UTF-8 if the token is.
std::expected<std::string, Diagnostic> unquote(const Token& token);

}  // namespace millrace::ottl
