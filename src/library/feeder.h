// The source of an embedded collector: takes chunks out of the buffer, makes requests of them, and
// submits them to the pipelines; gives the buffer its credits back when a request is answered for.
//
// On the loop's thread only. Must outlive the workers of its loop, whose destinations call it.
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
  Duration tick = 4ms;  // how often it looks while anything moves
  // Credits go back as soon as a request lies in the destinations' queues, which then bound it:
  // what OnFull::kDropOldest needs. Otherwise when every required destination has answered.
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

  // Looks now, and goes on looking until nothing has come for a while.
  void wake();
  // Looks now, for the sake of figures.
  void gather();

  enum class Outcome : uint8_t { kDone, kDeadline };
  using Done = std::function<void(Outcome)>;
  // `done` once everything that lay in the buffer at this moment is answered for.
  void flush(MonotonicTime deadline, Done done);
  // The buffer is closed: everything in it is submitted, `done` then; at the deadline what could
  // not be is dropped and counted.
  void finish(MonotonicTime deadline, Done done);
  // When the loop has ended: items that come late are dropped and counted, and threads that still
  // wait in a flush get kDeadline. Called by one thread at a time.
  void drop_late();

  // What lies in the buffer or waits for room in the destinations; after gather().
  uint64_t buffered(size_t signal) const { return backlog_items_[signal]; }
  // Dropped before any destination.
  const v1::DropCounts& dropped(size_t signal) const { return dropped_[signal]; }

 private:
  enum class Until : uint8_t { kSubmitted, kAnswered };
  // A request and the flushes that wait for it.
  struct Pending {
    pipeline::Payload payload;
    uint64_t epoch = 0;
  };
  struct Flush {
    std::vector<Buffer::Busy> places;  // busy when it began
    uint64_t epoch = 0;                // 0: not all places have been seen yet
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
  void look_at_flushes();
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
  // Small ones of one look, by signal, bare items and whole requests apart: made one request.
  std::array<std::array<std::vector<OpenChunk*>, 2>, kBufferedSignals> small_;
  PointJoiner point_joiner_;
  // Refused for want of room; in order.
  std::deque<Pending> backlog_;
  std::array<uint64_t, kBufferedSignals> backlog_items_{};
  std::array<v1::DropCounts, kBufferedSignals> dropped_{};
  // Requests not yet answered for, by the epoch in which they were submitted; a flush ends one.
  std::map<uint64_t, uint64_t> unsettled_;
  uint64_t epoch_ = 1;
  std::vector<Flush> flushes_;
  int idle_ticks_ = 0;
};

}  // namespace millrace::library
