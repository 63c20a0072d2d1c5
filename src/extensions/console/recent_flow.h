// A source whose destinations also have the quantiles of the last minute. On the console's loop.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "base/log_histogram.h"
#include "extensions/console/source.h"
#include "io/loop.h"

namespace millrace::extensions::console {

class RecentFlow final : public Source {
 public:
  // Both outlive it.
  RecentFlow(io::Loop& loop, Source& source);

  const Facts& facts() const override { return source_.facts(); }
  State state() const override;
  std::optional<std::string> send_test_trace() override { return source_.send_test_trace(); }

 private:
  // The counts of one destination; a sample has one for each, in the order of the source.
  struct Counts {
    LogHistogram::Counts batch_items{};
    LogHistogram::Counts latency_ns{};
  };
  void sample();

  io::Loop& loop_;
  Source& source_;
  std::deque<std::vector<Counts>> samples_;  // oldest first; of the last minute
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace millrace::extensions::console
