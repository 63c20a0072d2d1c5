#include "receivers/prometheus/prometheus_units.h"

#include <charconv>
#include <cstdint>
#include <limits>

namespace millrace::receivers::prometheus {
namespace {

struct TimeUnit {
  std::string_view name;
  int64_t milliseconds;
};
constexpr int64_t kDayMs = int64_t{24} * 60 * 60 * 1000;
constexpr TimeUnit kTimeUnits[] = {
    {"y", 365 * kDayMs}, {"w", 7 * kDayMs}, {"d", kDayMs}, {"h", 60 * 60 * 1000},
    {"m", 60 * 1000},    {"s", 1000},       {"ms", 1}};
constexpr int64_t kMsMax = std::numeric_limits<int64_t>::max() / 1'000'000;

// A number at the begin of `text`, and the word behind it, which are taken off.
bool take_number(std::string_view* text, uint64_t* number, std::string_view* unit) {
  const auto read = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (read.ec != std::errc() || read.ptr == text->data()) return false;
  text->remove_prefix(static_cast<size_t>(read.ptr - text->data()));
  size_t size = 0;
  while (size < text->size() && ((*text)[size] < '0' || (*text)[size] > '9')) ++size;
  *unit = text->substr(0, size);
  text->remove_prefix(size);
  return true;
}

}  // namespace

std::optional<Duration> parse_prometheus_duration(std::string_view text) {
  if (text == "0") return Duration(0);
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  int64_t total_ms = 0;
  const TimeUnit* next = std::begin(kTimeUnits);
  while (!text.empty()) {
    uint64_t number = 0;
    std::string_view name;
    if (!take_number(&text, &number, &name)) return std::nullopt;
    while (next != std::end(kTimeUnits) && next->name != name) ++next;
    if (next == std::end(kTimeUnits)) return std::nullopt;
    if (number > static_cast<uint64_t>((kMsMax - total_ms) / next->milliseconds)) {
      return std::nullopt;
    }
    total_ms += static_cast<int64_t>(number) * next->milliseconds;
    ++next;
  }
  return std::chrono::milliseconds(total_ms);
}

std::string prometheus_duration_text(Duration duration) {
  int64_t left = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  if (left == 0) return "0s";
  std::string text;
  for (const TimeUnit& unit : kTimeUnits) {
    // Years, weeks and days stand only for whole durations, so that "90d" does not become "12w6d".
    if (unit.milliseconds >= kDayMs && left % unit.milliseconds != 0) continue;
    const int64_t count = left / unit.milliseconds;
    if (count == 0) continue;
    text += std::to_string(count);
    text += unit.name;
    left -= count * unit.milliseconds;
  }
  return text;
}

std::optional<uint64_t> parse_byte_size(std::string_view text) {
  uint64_t number = 0;
  std::string_view unit;
  if (text == "0") return 0;
  if (!take_number(&text, &number, &unit) || !text.empty()) return std::nullopt;
  constexpr std::string_view kPrefixes = "KMGTPE";
  int shift = 0;
  if (!unit.empty() && kPrefixes.contains(unit.front())) {
    shift = 10 * static_cast<int>(kPrefixes.find(unit.front()) + 1);
    unit.remove_prefix(1);
    if (unit.starts_with('i')) unit.remove_prefix(1);
  }
  if (unit != "B" || (shift > 0 && number > UINT64_MAX >> shift)) return std::nullopt;
  return number << shift;
}

}  // namespace millrace::receivers::prometheus
