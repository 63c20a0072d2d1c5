#include "connectors/spanmetrics/adjusted_count.h"

namespace millrace::connectors::spanmetrics {
namespace {

constexpr uint64_t kAll = uint64_t{1} << 56;
constexpr size_t kDigitsMax = 14;

// The text behind `key` in a list of entries.
std::optional<std::string_view> entry_of(std::string_view list, char separator,
                                         std::string_view key) {
  while (!list.empty()) {
    const size_t end = list.find(separator);
    std::string_view entry = list.substr(0, end);
    while (!entry.empty() && (entry.front() == ' ' || entry.front() == '\t')) {
      entry.remove_prefix(1);
    }
    if (entry.starts_with(key)) return entry.substr(key.size());
    if (end == std::string_view::npos) break;
    list.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint64_t> rejection_threshold(std::string_view trace_state) {
  const auto own = entry_of(trace_state, ',', "ot=");
  if (!own) return std::nullopt;
  auto digits = entry_of(*own, ';', "th:");
  if (!digits) return std::nullopt;
  while (!digits->empty() && (digits->back() == ' ' || digits->back() == '\t')) {
    digits->remove_suffix(1);
  }
  if (digits->empty() || digits->size() > kDigitsMax) return std::nullopt;
  uint64_t threshold = 0;
  for (const char c : *digits) {
    uint64_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<uint64_t>(c - 'a' + 10);
    } else {
      return std::nullopt;
    }
    threshold = threshold << 4 | digit;
  }
  return threshold << 4 * (kDigitsMax - digits->size());
}

AdjustedCount adjusted_count(std::string_view trace_state, Random& random) {
  if (trace_state.empty()) return {};
  const auto threshold = rejection_threshold(trace_state);
  if (!threshold) return {};
  const uint64_t kept = kAll - *threshold;
  const uint64_t rest = kAll % kept;
  const bool rounds_up = rest != 0 && random.below(kept) < rest;
  return {.count = kAll / kept + (rounds_up ? 1 : 0), .is_adjusted = true};
}

}  // namespace millrace::connectors::spanmetrics
