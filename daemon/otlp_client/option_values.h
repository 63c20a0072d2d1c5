// Parsers of command-line values for which CLI11 has none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/metadata.h"
#include "base/result.h"
#include "base/time.h"

namespace millrace::load {

enum class SummaryFormat : uint8_t { kText, kJson };

// Parses "250us", "200ms", "1.5s", "2m", "1h"; a number without a unit is seconds. Not negative.
std::optional<Duration> parse_duration(std::string_view text);

// Parses "name=value" or "name: value"; the name becomes lower case.
std::optional<MetadataEntry> parse_header(std::string_view text);

// Parses "unavailable", "UNAVAILABLE" or "14".
std::optional<Code> parse_code(std::string_view text);

struct Endpoint {
  std::string host;  // without brackets
  uint16_t port = 0;
  std::string path;  // "" or "/…"
  bool tls = false;
};
// Parses "host:port", "[::1]:4317", ":4317", "http://host:port/path", "https://…". A missing port
// becomes `default_port`.
Result<Endpoint> parse_endpoint(std::string_view text, uint16_t default_port);

// Formats "450 µs", "1.25 ms", "12.3 s".
std::string duration_text(Duration duration);

}  // namespace millrace::load
