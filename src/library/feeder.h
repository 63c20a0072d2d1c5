// The source of an embedded collector: takes chunks out of the buffer, makes requests of them, and
// submits them to the pipelines; returns credits to the buffer when a request is settled.
//
// Runs on the loop's thread only. Must outlive the workers of its loop, whose destinations call it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/time.h"
#include "io/loop.h"
#include "library/buffer.h"
#include "library/join_points.h"
#include "library/prefix.h"
#include "pipeline/intake.h"

namespace millrace::library {

struct FeederOptions {
  Duration tick = 4ms;  // the interval of checks while items arrive
  // Returns credits as soon as a request is in the destinations' queues, which then bound it:
  // OnFull::kDropOldest needs that. Otherwise when every required destination has answered.
  bool returns_credits_early = false;
  // kDurable: a request is settled when it is on disk.
  pipeline::Policy policy = pipeline::Policy::kDelivered;
};

class Feeder {
 public:
  using Intakes = std::array<pipeline::Intake*, kBufferedSignals>;  // null: the signal is dropped
  Feeder(io::Loop& loop, Buffer& buffer, Prefix prefix, Intakes intakes, FeederOptions options,
         std::function<void()> flush_batches);
  ~Feeder();
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  // Takes chunks now, and ticks until no item has arrived for a while.
  void wake();
  // Takes chunks now, so that counts are up to date.
  void gather();

  enum class Outcome : uint8_t { kDone, kDeadline };
  using Done = std::function<void(Outcome)>;
  // Calls `done` when everything that was in the buffer at this moment is settled.
  void flush(MonotonicTime deadline, Done done);
  // Call after the buffer is closed. Submits everything in it, then calls `done`; at the deadline
  // drops and counts the rest.
  void finish(MonotonicTime deadline, Done done);
  // Call after the loop has ended: drops and counts items that arrive late; threads that still
  // wait in a flush get kDeadline. One thread at a time.
  void drop_late();

  // The number of items in the buffer or waiting for room in the destinations; call gather() first.
  uint64_t buffered(size_t signal) const { return backlog_items_[signal]; }
  // The number of items dropped before any destination.
  const v1::DropCounts& dropped(size_t signal) const { return dropped_[signal]; }

 private:
  enum class Until : uint8_t { kSubmitted, kAnswered };
  // A request and the flushes that wait for it.
  struct Pending {
    pipeline::Payload payload;
    uint64_t epoch = 0;
  };
  struct Flush {
    std::vector<Buffer::Busy> places;  // the slots that were busy when it began
    uint64_t epoch = 0;                // 0: some of these slots are not taken yet
    Until until = Until::kAnswered;
    MonotonicTime deadline;
    Done done;
  };

  void tick();
  bool take_and_submit(std::vector<Buffer::Busy>* busy);
  void submit_chunks();
  void submit_chunk(OpenChunk* open);
  void submit_joined(size_t signal, std::vector<OpenChunk*> small);
  size_t joined_size(size_t signal, std::span<uint8_t> items);
  void submit(Pending pending);
  bool try_submit(Pending& pending);
  void retry_backlog();
  void settle(uint64_t epoch, uint64_t items);
  void drop(size_t signal, uint64_t items, v1::DropReason reason);
  void begin_flush(Until until, MonotonicTime deadline, Done done);
  void check_flushes();
  bool is_over(const Flush& flush) const;
  void drop_backlog(v1::DropReason reason);
  void arm();

  io::Loop& loop_;
  Buffer& buffer_;
  const Prefix prefix_;
  const Intakes intakes_;
  const FeederOptions options_;
  const std::function<void()> flush_batches_;
  std::unique_ptr<io::Timer> timer_;
  std::vector<OpenChunk*> taken_;
  // Small chunks of one tick by signal, bare items and whole requests apart: joined to one request.
  std::array<std::array<std::vector<OpenChunk*>, 2>, kBufferedSignals> small_;
  PointJoiner point_joiner_;
  // Requests that full queues refused, in order.
  std::deque<Pending> backlog_;
  std::array<uint64_t, kBufferedSignals> backlog_items_{};
  std::array<v1::DropCounts, kBufferedSignals> dropped_{};
  // The number of unsettled requests by the epoch of their submission; a flush ends an epoch.
  std::map<uint64_t, uint64_t> unsettled_;
  uint64_t epoch_ = 1;
  std::vector<Flush> flushes_;
  int idle_ticks_ = 0;
};

}  // namespace millrace::library
