// Percent-encoding of URLs, RFC 3986 section 2.1. Pure functions; linear.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

enum class UrlPart : uint8_t { kPath, kQuery };

// Replaces %41 by its byte and, in queries, "+" by a blank. Nothing for a % without two hexadecimal
// digits. The result may be any bytes.
std::optional<std::string> unescape_url(std::string_view text, UrlPart part);

}  // namespace millrace
