#include "exporters/prometheus_remote_write/write_counters.h"

namespace millrace::exporters {
namespace {

constexpr std::array<std::string_view, kRejectionCount> kRejectionNames = {
    "out_of_order", "duplicate", "out_of_bounds", "other"};

RefusalReport::Reasons reasons_here() {
  RefusalReport::Reasons reasons;
  for (const Refusal reason :
       {Refusal::kBadName, Refusal::kBadLabel, Refusal::kUnspecifiedTemporality,
        Refusal::kDeltaTemporality, Refusal::kInvalidHistogram, Refusal::kScaleTooCoarse,
        Refusal::kNoValue, Refusal::kTooLarge, Refusal::kBadTime, Refusal::kDuplicateSample}) {
    reasons.set(static_cast<size_t>(reason));
  }
  return reasons;
}

}  // namespace

// The words of Prometheus, Mimir and their kin.
Rejection rejection_of(std::string_view answer) {
  const auto says = [&](std::string_view words) { return answer.contains(words); };
  if (says("out of order") || says("out-of-order")) return Rejection::kOutOfOrder;
  if (says("duplicate")) return Rejection::kDuplicate;
  if (says("out of bounds") || says("too old") || says("too-old") || says("too far")) {
    return Rejection::kOutOfBounds;
  }
  return Rejection::kOther;
}

WriteCounters::WriteCounters(const std::string& exporter, const std::string& endpoint, Logger& log,
                             metrics::Registry& metrics)
    : sent_(metrics.counter("otelcol_exporter_prometheusremotewrite_sent_batches",
                            "Requests that were sent, whatever the answer.",
                            {{"exporter", exporter}, {"endpoint", endpoint}})),
      series_(metrics.counter("otelcol_exporter_prometheusremotewrite_translated_time_series",
                              "Series of the requests that were taken.",
                              {{"exporter", exporter}, {"endpoint", endpoint}})),
      samples_(metrics.counter("otelcol_exporter_prometheusremotewrite_written_samples",
                               "Samples of the requests that were taken.",
                               {{"exporter", exporter}, {"endpoint", endpoint}})),
      failed_(metrics.counter("otelcol_exporter_prometheusremotewrite_failed_translations",
                              "Batches of which a part could not be written.",
                              {{"exporter", exporter}, {"endpoint", endpoint}})),
      repaired_(metrics.counter(
          "millrace_remote_write_repaired_points",
          "Histograms whose count was not the sum of their buckets; the sum is written.",
          {{"exporter", exporter}})),
      refusals_(exporter, reasons_here(),
                {.counter = "millrace_remote_write_refused_points",
                 .help = "Data points that cannot be written, by reason.",
                 .line = "points cannot be written to Prometheus"},
                log, metrics) {
  for (size_t i = 0; i < kRejectionCount; ++i) {
    rejections_[i] =
        &metrics.counter("millrace_remote_write_rejections",
                         "Requests that the server refused for good, by what it said.",
                         {{"exporter", exporter}, {"reason", std::string(kRejectionNames[i])}});
  }
}

void WriteCounters::count_answer(const transport::ClientAnswer& answer) {
  if (answer.kind != transport::ClientAnswer::Kind::kNotSent) sent_.add(1);
  const bool is_final = answer.kind == transport::ClientAnswer::Kind::kAnswered &&
                        answer.http_status >= 400 && answer.http_status < 500 &&
                        answer.http_status != 429 && answer.http_status != 413;
  if (is_final) rejections_[static_cast<size_t>(rejection_of(answer.message))]->add(1);
}

void WriteCounters::count_delivered(const WrittenCounts& counts, MonotonicTime now) {
  series_.add(counts.series);
  samples_.add(counts.samples);
  if (counts.repaired != 0) repaired_.add(counts.repaired);
  if (counts.refused.total() != 0) failed_.add(1);
  refusals_.report(counts.refused, now);
}

}  // namespace millrace::exporters
