// Masks the literals of SQL: strings, numbers, booleans, NULL, positional parameters, and the
// digits in identifiers become "?". Comments, keywords, operators and spaces stay. Any text is
// taken: what is not SQL is cut into words, numbers and quoted parts all the same.
//
// As the "obfuscate only" mode of go-sqllexer v0.1, which otelcol's db_sanitizer uses. Pure;
// linear.
#pragma once

#include <cstdint>
#include <string_view>

#include "memory/reserved_text.h"

namespace millrace::processors::redaction {

enum class SqlDialect : uint8_t {
  kAnsi,   // double quotes are around identifiers
  kMySql,  // double quotes are around strings, backticks around identifiers, # begins a comment
};

// Appends to `into`, without blanks at the ends.
void mask_sql(std::string_view text, SqlDialect dialect, ReservedText& into);

}  // namespace millrace::processors::redaction
