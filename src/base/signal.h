// The four OTLP signals and the words that go with them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace {

enum class Signal : uint8_t { kTraces, kMetrics, kLogs, kProfiles };
inline constexpr size_t kSignalCount = 4;
inline constexpr std::array<Signal, kSignalCount> kSignals = {Signal::kTraces, Signal::kMetrics,
                                                              Signal::kLogs, Signal::kProfiles};

constexpr size_t index_of(Signal signal) { return static_cast<size_t>(signal); }

// "traces", as in service.pipelines and otelcol's data_type label.
constexpr std::string_view signal_name(Signal signal) {
  constexpr std::array<std::string_view, kSignalCount> kNames = {"traces", "metrics", "logs",
                                                                 "profiles"};
  return kNames[index_of(signal)];
}

// What is counted: "spans", "metric_points", "log_records", "samples"; otelcol's metric suffixes.
constexpr std::string_view item_name(Signal signal) {
  constexpr std::array<std::string_view, kSignalCount> kNames = {"spans", "metric_points",
                                                                 "log_records", "samples"};
  return kNames[index_of(signal)];
}

}  // namespace millrace
