// Durations against Go's own algorithm (time.ParseDuration) in integers that cannot overflow, and
// each duration written as Go writes it reads back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "config/duration.h"

namespace {

using namespace millrace;

constexpr std::pair<std::string_view, int64_t> kUnits[] = {
    {"ns", 1},         {"us", 1'000},        {"\xc2\xb5s", 1'000},  {"\xce\xbcs", 1'000},
    {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Nanoseconds, rounded down in each term. Short enough for 128 bits.
constexpr size_t kTextBytesMax = 26;
std::optional<int64_t> read_slowly(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  constexpr __int128 kMax = INT64_MAX;
  __int128 total = 0;
  while (!text.empty()) {
    __int128 whole = 0;
    __int128 fraction = 0;
    __int128 scale = 1;
    size_t digits = 0;
    for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1), ++digits) {
      whole = std::min(whole * 10 + (text[0] - '0'), kMax + 1);
    }
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1), ++digits) {
        fraction = fraction * 10 + (text[0] - '0');
        scale *= 10;
      }
    }
    if (digits == 0) return std::nullopt;
    // A unit is everything up to the next digit or point.
    size_t size = 0;
    while (size < text.size() && !is_digit(text[size]) && text[size] != '.') ++size;
    int64_t unit = 0;
    for (const auto& [name, nanoseconds] : kUnits) {
      if (text.substr(0, size) == name) unit = nanoseconds;
    }
    if (unit == 0) return std::nullopt;
    text.remove_prefix(size);
    total += whole * unit + fraction * unit / scale;
    if (total > kMax) return std::nullopt;
  }
  return static_cast<int64_t>(negative ? -total : total);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Duration any(static_cast<int64_t>(testing::FuzzInput(data, size).number(8)));
  if (any != Duration::min()) {
    MILLRACE_CHECK(config::parse_duration(config::to_text(any)) == any);
  }
  const std::string_view text = testing::FuzzInput(data, size).rest_text();
  const auto read = config::parse_duration(text);
  if (text.size() > kTextBytesMax) return 0;
  const auto twin = read_slowly(text);
  MILLRACE_CHECK(read.has_value() == twin.has_value());
  if (read) MILLRACE_CHECK(read->count() == *twin);
  return 0;
}
