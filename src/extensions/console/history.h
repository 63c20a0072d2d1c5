// The counters of the last 15 minutes, one sample in five seconds. Bounded. On the console's loop.
#pragma once

#include <array>
#include <deque>
#include <memory>

#include "extensions/console/collector_pages.h"
#include "extensions/console/json_writer.h"
#include "extensions/console/loss_times.h"
#include "extensions/console/source.h"
#include "io/loop.h"

namespace millrace::extensions::console {

class History {
 public:
  // Both outlive this.
  History(io::Loop& loop, const Source& source);
  void write(JsonWriter& json) const;
  // When each loss began and when it last grew; each sample looks.
  LossTimes& losses() { return losses_; }

 private:
  struct Sample {
    WallTime at;
    std::array<SignalSums, kSignalCount> sums{};
    uint64_t memory_used = 0;
  };
  void sample();

  io::Loop& loop_;
  const Source& source_;
  std::deque<Sample> samples_;
  LossTimes losses_;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace millrace::extensions::console
