// One request on its way into the queues: what each pipeline made of it, until it has entered all
// of them or was refused.
//
// Under `durable` it enters when the disk has it: what was refused because the disk did not take it
// was then neither admitted nor tried at a destination. Until then its room is reserved.
//
// Shared with whatever it waits for: it may outlive the intake. On the worker's loop only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "destination/destination_worker.h"
#include "graph/pipeline.h"
#include "io/loop.h"
#include "pipeline/payload.h"
#include "pipeline/verdict.h"
#include "storage/storage.h"

namespace millrace::pipeline {

class Submission : public std::enable_shared_from_this<Submission> {
 public:
  // The submissions of one intake whose records are on their way to the disk.
  struct DiskWait {
    std::deque<std::shared_ptr<Submission>> submissions;
    bool is_over = false;  // the intake is gone

    // Commits are answered in the order in which they were asked for: it is among the first.
    void forget(const Submission& submission);
  };

  Submission(io::Loop& loop, std::shared_ptr<DiskWait> disk_wait, Policy policy,
             MonotonicTime deadline, VerdictCallback on_verdict)
      : disk_wait_(std::move(disk_wait)),
        loop_(loop),
        policy_(policy),
        deadline_(deadline),
        on_verdict_(std::move(on_verdict)) {}

  // Runs the processors, reserves room and commits. Once. Returns the verdict if it is known now;
  // otherwise the callback gets it later, unless abandon() comes first.
  std::optional<Verdict> submit(const std::vector<PipelineWorker*>& pipelines,
                                const Payload& payload);
  // The callback, after submit() returned a verdict: it was not called.
  VerdictCallback take_callback() { return std::move(on_verdict_); }

  // The intake goes while the disk is still being waited for: the sender hears nothing.
  void abandon();

 private:
  using Room = DestinationWorker::Room;
  struct Branch {
    PipelineWorker* pipeline;
    Payload payload;
    ledger::Amount admitted;
    PipelineWorker::Processed processed;
  };
  struct Reserved {
    Branch* branch;
    const PipelineWorker::Output* output;
    StoreTarget stored = {};  // with storage
  };
  struct Unreserved {
    Branch* branch;
    const PipelineWorker::Output* output;
  };
  struct Required {
    DestinationWorker* destination;
    DestinationWorker::Need need;
  };
  struct Attempt {
    Room room = Room::kReserved;
    DestinationWorker* destination = nullptr;  // the one that refused
  };
  enum class Position : uint8_t { kNew, kFirstInLine };

  Status process(const std::vector<PipelineWorker*>& pipelines, const Payload& payload);
  void enter();
  Attempt try_enter(Position position);
  void gather_required();
  void release_first(size_t count);
  Attempt store_and_commit();
  void reserve_best_effort(Branch& branch);
  Attempt store(Branch& branch, const std::shared_ptr<Completion>& completion);
  void on_stored(const Verdict& verdict);
  bool survives_in_memory() const;
  void give_everything_back();
  void commit();
  bool waits_for(const DestinationOptions& options) const;
  void wait_at(DestinationWorker& destination);
  MonotonicTime deadline_at(const DestinationWorker& destination) const;
  void reject(DestinationWorker& destination, Room room);
  LossReport::Refusal refusal_of(Room room) const;
  DestinationWorker::Need need_at(const DestinationWorker& destination) const;
  uint32_t item_count() const;
  void refuse(const Verdict& verdict);
  void enter_held_only();
  void answer(const Verdict& verdict);

  const std::shared_ptr<DiskWait> disk_wait_;
  io::Loop& loop_;
  const Policy policy_;
  const MonotonicTime deadline_;
  MonotonicTime entered_at_ = kNever;
  VerdictCallback on_verdict_;
  bool is_inside_submit_ = false;
  std::optional<Verdict> verdict_;  // known while submit() runs
  std::vector<Branch> branches_;
  std::vector<Required> required_;
  std::vector<Reserved> reserved_;
  std::vector<Unreserved> unreserved_;  // best effort, without room
  bool waits_for_disk_ = false;
  bool is_abandoned_ = false;
  std::string storage_error_;
};

}  // namespace millrace::pipeline
