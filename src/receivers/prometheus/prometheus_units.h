// Durations and sizes as Prometheus writes them in its configuration. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace millrace::receivers::prometheus {

// "30s", "1h30m", "0": whole numbers with y, w, d, h, m, s, ms, each at most once and in this
// order.
std::optional<Duration> parse_prometheus_duration(std::string_view text);
// "1m30s", as it stands in __scrape_interval__.
std::string prometheus_duration_text(Duration duration);
// "10MB", "512KiB", "0": bytes, where K, M and so on are powers of 1024.
std::optional<uint64_t> parse_byte_size(std::string_view text);

}  // namespace millrace::receivers::prometheus
