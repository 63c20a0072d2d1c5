// Which traces the kept requests hold, and what a list shows of each. Follows the store: update()
// reads new requests and forgets those that left. Bounded by kTracesMax and kPlacesMax: beyond them
// the oldest requests are forgotten here first.
//
// One thread. Cost of an update: about 200 ns a span.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "recent/store.h"

namespace millrace::extensions::console {

struct TraceSummary {
  std::string id;      // 16 bytes
  uint64_t order = 0;  // grows with each change; the newest trace has the highest
  WallTime seen_at;
  size_t pipeline = 0;          // the one whose spans are counted; others hold copies
  size_t run = 0;               // of the newest part; index into Store::runs()
  uint64_t start = UINT64_MAX;  // nanoseconds since 1970
  uint64_t end = 0;
  uint64_t span_count = 0;
  uint64_t error_count = 0;
  bool has_root = false;
  uint64_t root_start = UINT64_MAX;  // of the root, or the earliest span
  std::string root_service;
  std::string root_operation;
  std::vector<std::string> services;  // at most kServicesMax
  std::vector<uint64_t> records;      // numbers in the store, ascending
  double duration_ns() const { return end > start ? static_cast<double>(end - start) : 0; }
};

class TraceIndex {
 public:
  static constexpr size_t kTracesMax = 50'000;
  static constexpr size_t kPlacesMax = 200'000;  // of a trace in a request
  static constexpr size_t kServicesMax = 16;

  explicit TraceIndex(const recent::Store& store) : store_(store) {}
  void update();
  // Null: not held.
  const TraceSummary* find(const std::string& id) const;
  // The one that changed last first.
  std::vector<const TraceSummary*> newest_first() const;
  size_t size() const { return traces_.size(); }
  // The requests that hold parts of the trace.
  std::vector<recent::RecordRef> records_of(const TraceSummary& trace) const;

 private:
  struct Place {
    uint64_t record;
    std::string trace;
  };
  void add(const recent::Record& record);
  void forget_first();

  const recent::Store& store_;
  uint64_t last_number_ = 0;
  uint64_t last_order_ = 0;
  std::unordered_map<std::string, TraceSummary> traces_;
  std::deque<Place> places_;  // by record
};

}  // namespace millrace::extensions::console
