// Bytes and text in encodings. Pure functions; linear.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::ottl {

struct Base64 {
  bool is_url_safe = false;
  bool is_padded = true;
};
// "base64", "base64-raw", "base64-url", "base64-raw-url".
std::optional<Base64> find_base64(std::string_view name);
std::string to_base64(std::string_view bytes, const Base64& variant);
// Line ends are skipped; other characters, wrong padding and a wrong length are refused.
std::optional<std::string> from_base64(std::string_view text, const Base64& variant);

// The encodings of Decode(): the ones above, UTF-8, UTF-16, ASCII and ISO-8859-1.
bool is_known_encoding(std::string_view name);
// Bytes that UTF-8 or UTF-16 do not allow become U+FFFD. Precondition: the encoding is known.
std::optional<std::string> decode_text(std::string_view bytes, std::string_view encoding);

}  // namespace millrace::ottl
