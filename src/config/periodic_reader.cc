#include "config/periodic_reader.h"

#include <cstdint>
#include <utility>

namespace millrace::config {

void read_periodic(Section& periodic, std::vector<PeriodicReader>& into) {
  PeriodicReader reader;
  int64_t interval_ms = std::chrono::milliseconds(60s).count();
  periodic.integer("interval", &interval_ms, {1, kMillisecondsMax});
  reader.interval = std::chrono::milliseconds(interval_ms);
  periodic.ignored("timeout", "the exporter has one of its own");
  periodic.ignored("producers", "the collector's own metrics have one source");
  periodic.ignored("cardinality_limits", "the set of metrics is fixed");
  periodic.section("exporter", [&reader](Section& exporter) {
    exporter.section("otlp", [&reader](Section& otlp) {
      reader.push = read_otlp_push(otlp, OwnSignal::kMetrics);
    });
    exporter.ignored("console", "metrics::readers with pull shows the metrics on a page");
  });
  if (!reader.push.exporter_type.empty()) into.push_back(std::move(reader));
}

}  // namespace millrace::config
