// The sink's counts. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/signal.h"
#include "base/time.h"
#include "daemon/generate/count_items.h"
#include "daemon/sink/id_ledger.h"
#include "metrics/latency_histogram.h"

namespace millrace::load {

enum class IdCheck : uint8_t { kOff, kOn };

class Tally final : private ItemVisitor {
 public:
  explicit Tally(IdCheck check) : check_(check) {}

  // Counts an accepted request. Returns its number of items, or nothing when it is not a message,
  // which is counted too.
  std::optional<uint64_t> add(Signal signal, std::span<const uint8_t> request, WallTime now);
  // Checks that items that were answered OK have arrived. Call it when no more items arrive.
  void check_acknowledged(NumberedId first, uint64_t count);
  void add_refused() { ++refused_requests_; }

  uint64_t item_count(Signal signal) const { return items_[index_of(signal)]; }
  uint64_t item_count() const;
  uint64_t request_count() const { return requests_; }
  uint64_t byte_count() const { return bytes_; }
  // The number of items without repetitions, as far as ids show.
  uint64_t distinct_count() const { return item_count() - ids_.duplicate_count(); }
  // Whether each of `expected` items arrived, none twice, none missing below the highest number.
  bool is_exactly(uint64_t expected) const;
  uint64_t lost_count() const { return lost_; }  // acknowledged items that did not arrive
  const IdLedger& ids() const { return ids_; }
  const metrics::LatencyHistogram& latency() const { return latency_; }

  // "spans 100000/s (total 300000), …" for the time since the last call.
  std::string progress_line(Duration since_last);
  std::string to_text() const;
  std::string to_json(double cpu_seconds) const;

 private:
  void on_item(const ItemView& item) override;

  const IdCheck check_;
  std::array<uint64_t, kSignalCount> items_{};
  std::array<uint64_t, kSignalCount> items_shown_{};
  uint64_t requests_ = 0;
  uint64_t refused_requests_ = 0;
  uint64_t malformed_requests_ = 0;
  uint64_t bytes_ = 0;
  uint64_t foreign_count_ = 0;  // items whose ids do not come from a generator
  uint64_t acknowledged_ = 0;
  uint64_t lost_ = 0;
  WallTime first_{};  // when the first request arrived
  WallTime now_{};    // of the current request, later of the last one
  IdLedger ids_;
  metrics::LatencyHistogram latency_;
};

}  // namespace millrace::load
