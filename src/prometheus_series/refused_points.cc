#include "prometheus_series/refused_points.h"

#include <numeric>
#include <utility>

#include "base/check.h"

namespace millrace::exporters {
namespace {

constexpr size_t kExampleBytesMax = 200;
constexpr Duration kReportInterval = 1min;

}  // namespace

void RefusedPoints::add(Refusal reason, std::string_view metric, uint64_t count) {
  const auto index = static_cast<size_t>(reason);
  if (counts[index] == 0) examples[index] = metric.substr(0, kExampleBytesMax);
  counts[index] += count;
}

uint64_t RefusedPoints::total() const {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

std::string RefusedPoints::text() const {
  std::string text;
  for (size_t i = 0; i < kRefusalCount; ++i) {
    if (counts[i] == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(refusal_name(static_cast<Refusal>(i))) + " " +
            std::to_string(counts[i]);
  }
  return text;
}

RefusalReport::RefusalReport(std::string exporter, const Reasons& reasons, const Texts& texts,
                             Logger& log, metrics::Registry& metrics)
    : exporter_(std::move(exporter)), line_(texts.line), log_(log) {
  for (size_t i = 0; i < kRefusalCount; ++i) {
    if (!reasons[i]) continue;
    counters_[i] = &metrics.counter(
        texts.counter, texts.help,
        {{"exporter", exporter_}, {"reason", std::string(refusal_name(static_cast<Refusal>(i)))}});
  }
}

RefusalReport::Reasons RefusalReport::report(const RefusedPoints& refused, MonotonicTime now) {
  Reasons logged;
  for (size_t i = 0; i < kRefusalCount; ++i) {
    if (refused.counts[i] == 0) continue;
    MILLRACE_CHECK(counters_[i] != nullptr);
    counters_[i]->add(refused.counts[i]);
    unreported_[i] += refused.counts[i];
    if (now < next_line_[i]) continue;
    next_line_[i] = now + kReportInterval;
    logged.set(i);
    log_.warn(line_, {{"exporter", exporter_},
                      {"reason", refusal_name(static_cast<Refusal>(i))},
                      {"points", std::exchange(unreported_[i], 0)},
                      {"metric", refused.examples[i]}});
  }
  return logged;
}

}  // namespace millrace::exporters
