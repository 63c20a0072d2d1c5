#include "connectors/spanmetrics/series.h"

#include <algorithm>
#include <utility>

#include "connectors/spanmetrics/dimensions.h"

namespace millrace::connectors::spanmetrics {
namespace {

constexpr size_t kStepBytes = 16 << 10;
constexpr size_t kOverheadBytes = 96;  // of an entry of a map

}  // namespace

bool GrowingMemory::take(size_t bytes) {
  if (used_ + bytes > reserved_.bytes()) {
    const size_t more = std::max(bytes, std::max(kStepBytes, reserved_.bytes() / 4));
    if (of_->reserved.fetch_add(more, std::memory_order_relaxed) + more > of_->bytes_max) {
      of_->reserved.fetch_sub(more, std::memory_order_relaxed);
      return false;
    }
    const size_t had = reserved_.bytes();
    Reservation larger = Reservation::try_make(of_->budget, MemoryTerm::kKeyedState, had + more);
    if (!larger) {
      of_->reserved.fetch_sub(more, std::memory_order_relaxed);
      return false;
    }
    reserved_ = std::move(larger);
  }
  used_ += bytes;
  return true;
}

void GrowingMemory::give_back(size_t bytes) {
  used_ -= std::min(bytes, used_);
  const size_t kept = used_ + kStepBytes;
  if (reserved_.bytes() <= 2 * kept) return;
  of_->reserved.fetch_sub(reserved_.bytes() - kept, std::memory_order_relaxed);
  reserved_.shrink(kept);
}

void GrowingMemory::release() {
  of_->reserved.fetch_sub(reserved_.bytes(), std::memory_order_relaxed);
}

bool has_durations(Metric metric, const Options& options) {
  if (metric == Metric::kDurations) return true;
  return metric == Metric::kCalls && options.counts_and_durations_agree();
}

size_t series_bytes(const Series& series, const Options& options) {
  return kOverheadBytes + sizeof(Series) + series.attributes.size() +
         (options.has_histogram ? metric_streams::distribution_bytes_max(options.shape()) : 0) +
         (options.has_exemplars ? options.exemplars_max * sizeof(Exemplar) : 0);
}

bool is_full(Metric metric, const Options& options, ResourceSeries& resource) {
  if (options.cardinality_limit == 0) return false;
  const size_t overflow = resource.overflow_count[static_cast<size_t>(metric)];
  return resource.of(metric).size() - overflow >= options.cardinality_limit;
}

Series& make_overflow(Metric metric, uint64_t start, const Options& options,
                      ResourceSeries& resource) {
  const auto [found, is_new] = resource.of(metric).try_emplace(kOverflow);
  Series& series = found->second;
  if (is_new) {
    resource.overflow_count[static_cast<size_t>(metric)] = 1;
    series.attributes = Dimensions::overflow_attributes();
    series.start = start;
    if (has_durations(metric, options))
      series.durations = metric_streams::make_distribution(options.shape());
  }
  return series;
}

namespace {

void merge(Series& from, const Options& options, bool with_durations, Series& into) {
  into.count += from.count;
  if (with_durations) add(from.durations, options.shape(), into.durations);
  into.last_seen = std::max(into.last_seen, from.last_seen);
  for (const Exemplar& exemplar : from.exemplars) {
    if (into.exemplars.size() < options.exemplars_max) into.exemplars.push_back(exemplar);
  }
}

}  // namespace

void merge(ResourceSeries from, const Options& options, ResourceSeries& into) {
  into.last_seen = std::max(into.last_seen, from.last_seen);
  for (size_t m = 0; m < kMetricCount; ++m) {
    const auto metric = static_cast<Metric>(m);
    const bool with_durations = has_durations(metric, options);
    for (auto& [identity, series] : from.metrics[m]) {
      Series& there =
          identity == kOverflow
              ? make_overflow(metric, series.start, options, into)
              : find_or_make(identity, metric, series.start, options, into,
                             [&, &attributes = series.attributes] { return attributes; });
      merge(series, options, with_durations, there);
    }
  }
}

}  // namespace millrace::connectors::spanmetrics
