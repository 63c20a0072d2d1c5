// One pipeline on one worker: its processors in order, and the destinations behind them.
//
// Made at assembly; used on its worker's loop only. The same pipeline on another worker is another
// object with the same accounts.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "destination/destination_worker.h"
#include "io/long_work.h"
#include "ledger/ledger.h"
#include "pipeline/payload.h"
#include "pipeline/processor.h"
#include "pipeline/tap.h"

namespace millrace::pipeline {

class PipelineWorker final : public ledger::HeldWalker {
 public:
  struct Output {
    DestinationWorker* destination = nullptr;
    ledger::Account* account = nullptr;  // of this pipeline and that destination
  };
  // `name` as in service.pipelines ("traces/2"). Outputs must be of the pipeline's signal.
  PipelineWorker(io::Loop& loop, std::string name, std::vector<Output> outputs);
  ~PipelineWorker();

  // For the processor that will be added next; lives as long as the pipeline.
  Outlet& next_outlet();
  // `long_work` is the worker's, outlives the pipeline, and is the same for all of its processors.
  void add_processor(std::unique_ptr<Processor> processor, io::LongWork& long_work);

  // Told of what is passed on; outlives the pipeline. Before the loop runs.
  void set_tap(Tap* tap) {
    tap_ = tap;
    watched_points_ = &tap->watched_points();
  }
  // `payload` has entered destinations. It is empty when processors left nothing.
  void tell_tap(const Payload& payload) {
    if (tap_ != nullptr && !payload.bytes.empty()) tap_->take(payload);
  }
  // For a request that passes by process(), where there are no processors. Costs one relaxed load
  // while no point is watched.
  void show(const Payload& payload) {
    if (is_watched()) show_watched(payload);
  }

  const std::string& name() const { return name_; }
  io::Loop& loop() { return loop_; }
  const std::vector<Output>& outputs() const { return outputs_; }
  bool has_processors() const { return !processors_.empty(); }

  // The processors' result for one request. `payload` is empty when nothing is left to pass on.
  struct Processed {
    uint32_t filtered_count = 0;
    uint32_t sampled_out_count = 0;
    uint32_t held_count = 0;
    uint32_t added_count = 0;
  };
  // Changes nothing but `payload` and what processors hold; the accounts are the caller's.
  Result<Processed> process(Payload& payload);
  // How the admitted bytes are shared out between what was filtered, sampled out, held and is left.
  struct Shares {
    ledger::Amount filtered;
    ledger::Amount sampled_out;
    ledger::Amount held;
    uint64_t left_bytes = 0;
  };
  static Shares shares_of(const Processed& processed, ledger::Amount admitted);
  // Enters in each account what `processed` says about `admitted`. Returns the admitted bytes that
  // stand for the items passed on.
  size_t enter(const Processed& processed, ledger::Amount admitted);

  // Makes every processor emit or give up what it holds, first to last. While draining.
  void flush();
  // Items that processors hold now, counted by walking.
  uint64_t held_count() const;
  // Counts the items that the processors hold; on the loop.
  void count_held(ledger::Held& held) const override;

 private:
  struct Tried {
    Status status;
    Processed processed;  // also by those before the one that failed
  };
  class HeldOutlet;
  bool is_watched() const {
    return tap_ != nullptr && watched_points_->load(std::memory_order_relaxed) != 0;
  }
  void show_watched(const Payload& payload);
  std::optional<Trail> begin_trail(size_t first, const Payload& payload);
  void add_point(Trail& trail, size_t position, const Payload& payload);
  Tried process_from(size_t first, Payload& payload);
  // The share of what is held that `item_count` items stand for; it is held no longer. Items of
  // requests that have not entered are admitted first.
  ledger::Amount take_held(uint32_t item_count);
  Status emit_behind(size_t index, Payload payload);
  bool enter_late(const Payload& payload, const Output& output, uint32_t bytes);

  io::Loop& loop_;
  const std::string name_;
  const std::vector<Output> outputs_;
  std::vector<std::unique_ptr<HeldOutlet>> outlets_;  // used by the processors
  std::vector<std::unique_ptr<Processor>> processors_;
  io::LongWork* long_work_ = nullptr;  // null: no processors
  Tap* tap_ = nullptr;                 // null: the console is off
  // The tap's; set from any thread. Relaxed: a request more or less is seen.
  const std::atomic<uint64_t>* watched_points_ = nullptr;
  // What processors took over and have not emitted: admitted bytes, shared out by items.
  ledger::Amount held_;
  // Items that processors hold of requests which have not entered: they wait in line for room, or
  // a later processor is suspended.
  uint64_t unentered_count_ = 0;
  // Items of such requests that have left already, and were admitted then.
  uint64_t early_count_ = 0;
};

}  // namespace millrace::pipeline
