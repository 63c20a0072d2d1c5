// The series of one resource: on a worker those of the current interval, on the first worker all
// that are emitted. Movable between loops; one thread at a time.
//
// Bounded: every series is reserved in the budget (term keyed_state) and in the share that all
// series of a connector have (SeriesMemory); what finds no room is counted in the overflow series
// of its metric.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "connectors/spanmetrics/options.h"
#include "item_identity/identity.h"
#include "memory/budget.h"
#include "metric_streams/distribution.h"

namespace millrace::connectors::spanmetrics {

// The share of all series of a connector. Any thread.
struct SeriesMemory {
  Budget& budget;
  const size_t bytes_max;
  std::atomic<size_t> reserved{0};  // a sum that orders nothing
};

// What a user of memory has reserved; grows in steps.
class GrowingMemory {
 public:
  explicit GrowingMemory(SeriesMemory& of) : of_(&of) {}
  ~GrowingMemory() { release(); }
  GrowingMemory(GrowingMemory&& other) noexcept
      : of_(other.of_),
        used_(std::exchange(other.used_, 0)),
        reserved_(std::move(other.reserved_)) {}
  GrowingMemory& operator=(GrowingMemory&& other) noexcept {
    std::swap(of_, other.of_);
    std::swap(used_, other.used_);
    std::swap(reserved_, other.reserved_);
    return *this;
  }
  [[nodiscard]] bool take(size_t bytes);
  void give_back(size_t bytes);

 private:
  void release();
  SeriesMemory* of_;
  size_t used_ = 0;
  Reservation reserved_;
};

struct Exemplar {
  std::array<uint8_t, 16> trace_id{};
  std::array<uint8_t, 8> span_id{};
  double value = 0;
};

struct Series {
  std::string attributes;  // dimensions.h
  uint64_t count = 0;
  metric_streams::PointValues durations;
  std::vector<Exemplar> exemplars;
  uint64_t start = 0;  // nanoseconds since 1970, of what is emitted next
  WallTime last_seen{};
  bool is_new = true;  // not emitted yet
  // Emitted as the 0 with which it begins, and not with its count since.
  bool owes_count = false;
};

// The metrics. Where counts and durations agree, kCalls has both and kDurations is empty.
enum class Metric : uint8_t { kCalls, kDurations, kEvents };
inline constexpr size_t kMetricCount = 3;

using SeriesMap = std::unordered_map<item_identity::Identity, Series, item_identity::IdentityHash>;

struct ResourceSeries {
  explicit ResourceSeries(SeriesMemory& memory_of) : memory(memory_of) {}

  std::string attributes;  // content of Resource: its attributes
  WallTime last_seen{};
  std::array<SeriesMap, kMetricCount> metrics;
  std::array<size_t, kMetricCount> overflow_count{};  // 1: the metric has an overflow series
  GrowingMemory memory;

  SeriesMap& of(Metric metric) { return metrics[static_cast<size_t>(metric)]; }
};

// The series with that identity, made if it is new. `make_attributes` is called for a new one.
// Beyond the limit of series, and without memory, the overflow series.
template <class MakeAttributes>
Series& find_or_make(const item_identity::Identity& identity, Metric metric, uint64_t start,
                     const Options& options, ResourceSeries& resource,
                     const MakeAttributes& make_attributes);

// Moves what `from` has into `into`, up to the limits.
void merge(ResourceSeries from, const Options& options, ResourceSeries& into);

// --- Inside.

inline constexpr item_identity::Identity kOverflow{UINT64_MAX, UINT64_MAX};
size_t series_bytes(const Series& series, const Options& options);
Series& make_overflow(Metric metric, uint64_t start, const Options& options,
                      ResourceSeries& resource);
bool is_full(Metric metric, const Options& options, ResourceSeries& resource);
bool has_durations(Metric metric, const Options& options);

template <class MakeAttributes>
Series& find_or_make(const item_identity::Identity& identity, Metric metric, uint64_t start,
                     const Options& options, ResourceSeries& resource,
                     const MakeAttributes& make_attributes) {
  SeriesMap& map = resource.of(metric);
  if (const auto found = map.find(identity); found != map.end()) return found->second;
  if (is_full(metric, options, resource)) return make_overflow(metric, start, options, resource);
  Series series{.attributes = make_attributes(), .durations = {}, .exemplars = {}, .start = start};
  if (!resource.memory.take(series_bytes(series, options))) {
    return make_overflow(metric, start, options, resource);
  }
  if (has_durations(metric, options))
    series.durations = metric_streams::make_distribution(options.shape());
  return map.emplace(identity, std::move(series)).first->second;
}

}  // namespace millrace::connectors::spanmetrics
