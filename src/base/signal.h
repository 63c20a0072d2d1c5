// The four OTLP signals and their names.
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

// "traces", as in service.pipelines and in otelcol's label data_type.
constexpr std::string_view signal_name(Signal signal) {
  constexpr std::array<std::string_view, kSignalCount> kNames = {"traces", "metrics", "logs",
                                                                 "profiles"};
  return kNames[index_of(signal)];
}

// The name of the counted items: "spans", "metric_points", "log_records" or "samples"; otelcol's.
constexpr std::string_view item_name(Signal signal) {
  constexpr std::array<std::string_view, kSignalCount> kNames = {"spans", "metric_points",
                                                                 "log_records", "samples"};
  return kNames[index_of(signal)];
}

}  // namespace millrace
