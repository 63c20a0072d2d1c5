#include "daemon/otlp_client/option_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include "base/url_text.h"

namespace millrace::load {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || !(number >= 0)) return std::nullopt;
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  constexpr std::array<std::pair<std::string_view, double>, 7> kUnits = {
      {{"", 1e9}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
  for (const auto& [name, nanoseconds] : kUnits) {
    // A limit of a century keeps sums of durations far from overflow.
    if (unit == name && number * nanoseconds < 3e18) {
      return Duration(static_cast<int64_t>(number * nanoseconds));
    }
  }
  return std::nullopt;
}

std::optional<MetadataEntry> parse_header(std::string_view text) {
  const size_t split = text.find_first_of("=:");
  if (split == std::string_view::npos || split == 0) return std::nullopt;
  std::string_view value = text.substr(split + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  return MetadataEntry{lower_case(text.substr(0, split)), std::string(value)};
}

std::optional<Code> parse_code(std::string_view text) {
  for (uint8_t number = 0; number <= static_cast<uint8_t>(Code::kUnauthenticated); ++number) {
    const auto code = static_cast<Code>(number);
    if (lower_case(text) == lower_case(code_name(code)) || text == std::to_string(number)) {
      return code;
    }
  }
  return std::nullopt;
}

Result<Endpoint> parse_endpoint(std::string_view text, uint16_t default_port) {
  const std::string whole = hide_url_secrets(text);
  Endpoint endpoint;
  endpoint.port = default_port;
  if (text.starts_with("https://")) {
    endpoint.tls = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  }
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    endpoint.path = text.substr(slash);
    if (endpoint.path == "/") endpoint.path.clear();
    text = text.substr(0, slash);
  }
  // Digits alone are a port: as a host they would be an old notation of an IPv4 address ("26555" is
  // 0.0.103.187).
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos) {
    const auto port = parse_port(text);
    if (!port) {
      return fail(Code::kInvalidArgument,
                  "endpoint \"" + whole + "\": the port must be a number from 0 to 65535");
    }
    endpoint.host = "localhost";
    endpoint.port = *port;
    return endpoint;
  }
  const bool is_bracketed = text.starts_with('[');
  const size_t host_end = is_bracketed ? text.find(']') : text.rfind(':');
  if (is_bracketed) {
    if (host_end == std::string_view::npos) {
      return fail(Code::kInvalidArgument, "endpoint \"" + whole + "\": '[' without ']'");
    }
    endpoint.host = text.substr(1, host_end - 1);
    text.remove_prefix(host_end + 1);
  } else {
    endpoint.host = text.substr(0, host_end);
    text.remove_prefix(std::min(host_end, text.size()));
  }
  if (endpoint.host.find_first_of(is_bracketed ? "[]" : "[]:") != std::string::npos) {
    return fail(Code::kInvalidArgument,
                "endpoint \"" + whole + "\": no valid host; IPv6 addresses need brackets");
  }
  if (endpoint.host.empty()) endpoint.host = "localhost";
  if (text.empty()) return endpoint;
  const auto port = text.starts_with(':') ? parse_port(text.substr(1)) : std::nullopt;
  if (!port) {
    return fail(Code::kInvalidArgument,
                "endpoint \"" + whole + "\": the port must be a number from 0 to 65535");
  }
  endpoint.port = *port;
  return endpoint;
}

std::string duration_text(Duration duration) {
  const auto nanoseconds = static_cast<double>(duration.count());
  if (nanoseconds < 1e3) return fmt::format("{} ns", duration.count());
  if (nanoseconds < 1e6) return fmt::format("{:.3g} µs", nanoseconds / 1e3);
  if (nanoseconds < 1e9) return fmt::format("{:.3g} ms", nanoseconds / 1e6);
  return fmt::format("{:.3g} s", nanoseconds / 1e9);
}

}  // namespace millrace::load
