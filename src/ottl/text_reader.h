// Readers of small text formats. Pure functions; linear in the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::ottl {

enum class CsvQuotes : uint8_t {
  kStrict,   // a field is quoted or has no quotes
  kLazy,     // quotes may stand anywhere
  kIgnored,  // quotes are ordinary characters
};
// The fields of a row of CSV (RFC 4180). Further lines continue the last field. Nothing when the
// quotes are wrong, when there is no field, or when there are more than `fields_max`.
std::optional<std::vector<std::string>> split_csv(std::string_view text, std::string_view delimiter,
                                                  CsvQuotes quotes, size_t fields_max);

// Parts of a text between delimiters that stand outside of '…' and "…". Empty parts are left out,
// and the quotes too. Nothing when a quote is never closed.
std::optional<std::vector<std::string>> split_outside_quotes(std::string_view text,
                                                             std::string_view delimiter);

// As Go's strconv.ParseInt: base 0 takes it from a prefix (0x, 0o, 0b, 0).
std::optional<int64_t> parse_int(std::string_view text, int64_t base);

std::string_view trim_blanks(std::string_view text);

}  // namespace millrace::ottl
