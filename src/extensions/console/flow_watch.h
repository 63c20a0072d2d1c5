// Looks at the flow through the points of the pipelines (recent/edge_flow.h) for as long as the
// pipelines are asked for: each answer keeps it on for kKept. Belongs to the console's loop; all
// parts outlive it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "extensions/console/source.h"
#include "io/loop.h"
#include "recent/edge_flow.h"
#include "recent/edge_taps.h"

namespace millrace::extensions::console {

class FlowWatch {
 public:
  static constexpr Duration kKept = 15s;
  // Quantiles are those of the last one to two of it.
  static constexpr Duration kWindow = 60s;

  FlowWatch(io::Loop& loop, recent::EdgeTaps& taps, const recent::EdgeFlow& flow);
  ~FlowWatch();
  FlowWatch(const FlowWatch&) = delete;
  FlowWatch& operator=(const FlowWatch&) = delete;

  void look();
  struct Quantiles {
    std::optional<DestinationState::Quantiles> items;       // of a request
    std::optional<DestinationState::Quantiles> latency_ns;  // of the processor in front
  };
  // Nothing: no request passed the point since it is looked at.
  Quantiles at(size_t pipeline, size_t position) const;

 private:
  struct Counts {
    LogHistogram::Counts items{};
    LogHistogram::Counts latency_ns{};
  };
  using Snapshot = std::vector<std::vector<Counts>>;  // by pipeline and point
  Snapshot snapshot() const;
  void turn();

  io::Loop& loop_;
  recent::EdgeTaps& taps_;
  const recent::EdgeFlow& flow_;
  std::unique_ptr<io::Timer> timer_;
  bool is_on_ = false;
  MonotonicTime looked_at_{};
  MonotonicTime turned_at_{};
  Snapshot before_;  // what is not shown any more
  Snapshot last_;    // becomes before_ at the next turn
};

}  // namespace millrace::extensions::console
