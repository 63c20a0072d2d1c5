#include "graph/pipeline_intake.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "pipeline/completion.h"
#include "storage/storage.h"

namespace millrace::pipeline {

using Room = DestinationWorker::Room;

namespace {

// What a sender is told when the budget has no room: as the receivers say it.
constexpr Duration kRetryAfterOverload = 1s;

// By the contract of processors (processor.h).
Verdict verdict_of_processor(const Error& error) {
  Verdict verdict{.code = error.code, .message = error.message};
  if (error.code == Code::kUnavailable) {
    verdict.retry_after = kRetryAfterOverload;
    verdict.reason = "memory";
  } else if (error.code == Code::kResourceExhausted) {
    verdict.too_large = true;
    verdict.reason = "too_large";
  }
  return verdict;
}

}  // namespace

// Requests whose records are on their way to the disk. Shared with them, because one that waits for
// room may outlive the intake.
struct PipelineIntake::DiskWait {
  std::deque<std::shared_ptr<Submission>> submissions;
  bool is_over = false;  // the intake is gone

  // Commits answer in the order in which they were asked for: it is among the first.
  void forget(const Submission& submission) {
    const auto found = std::ranges::find_if(
        submissions, [&submission](const auto& one) { return one.get() == &submission; });
    if (found != submissions.end()) submissions.erase(found);
  }
};

// One request on its way into the queues: what each pipeline made of it, until it has entered all
// of them or was refused.
//
// Under `durable` it enters when the disk has it: what was refused because the disk did not take it
// was then neither admitted nor tried at a destination. Until then its places are reserved.
class PipelineIntake::Submission : public std::enable_shared_from_this<Submission> {
 public:
  Submission(PipelineIntake& intake, Policy policy, MonotonicTime deadline,
             VerdictCallback on_verdict)
      : disk_wait_(intake.disk_wait_),
        loop_(intake.loop_),
        policy_(policy),
        deadline_(deadline),
        on_verdict_(std::move(on_verdict)) {}

  Status process(const std::vector<PipelineWorker*>& pipelines, const Payload& payload) {
    for (PipelineWorker* pipeline : pipelines) {
      Branch branch{
          .pipeline = pipeline,
          .payload = payload,
          .admitted = {payload.item_count, payload.bytes.size()},
          .processed = {},
      };
      Result<PipelineWorker::Processed> processed = pipeline->process(branch.payload);
      if (!processed) return fail(std::move(processed.error()));
      branch.processed = *processed;
      branches_.push_back(std::move(branch));
    }
    return {};
  }

  // Once; settles the request now or puts it in line.
  void enter() {
    Attempt attempt = try_enter(Place::kNew);
    if (attempt.room == Room::kReserved) return;
    entered_at_ = loop_.now();
    if (attempt.room == Room::kWait && deadline_ > entered_at_) {
      wait_at(*attempt.destination);
    } else {
      reject(*attempt.destination, attempt.room);
    }
  }

  void refuse(const Verdict& verdict) {
    enter_held_only();
    on_verdict_(verdict);
  }

  // The intake goes while the disk is still being waited for: the sender hears nothing.
  void abandon() {
    is_abandoned_ = true;
    on_verdict_ = nullptr;
    give_everything_back();
    reserved_.clear();
  }

 private:
  struct Branch {
    PipelineWorker* pipeline;
    Payload payload;
    ledger::Amount admitted;
    PipelineWorker::Processed processed;
  };
  struct Reserved {
    Branch* branch;
    const PipelineWorker::Output* output;
    StoreWish stored = {};  // with storage
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
    DestinationWorker* destination = nullptr;  // who refused
  };
  enum class Place : uint8_t { kNew, kFirstInLine };

  bool waits_for(const DestinationOptions& options) const {
    return options.wait_for_result || (policy_ == Policy::kDelivered && options.required);
  }

  // All that this request brings to one destination is reserved in one step: were it one pipeline
  // after the other, a request that fits only in part would give its own reservation back, be woken
  // by that, and try again for ever.
  Attempt try_enter(Place place) {
    reserved_.clear();
    unreserved_.clear();
    waits_for_disk_ = false;
    storage_error_.clear();
    gather_required();
    for (size_t index = 0; index < required_.size(); ++index) {
      const Required& one = required_[index];
      const bool behind_others = place == Place::kNew && one.destination->has_line();
      const Room room = behind_others ? Room::kWait : one.destination->try_reserve(one.need);
      if (room == Room::kReserved) continue;
      release_first(index);
      return {room, one.destination};
    }
    return store_and_commit();
  }

  // What goes where, each required destination once; the places in reserved_ follow.
  void gather_required() {
    required_.clear();
    for (Branch& branch : branches_) {
      if (branch.payload.bytes.empty()) continue;
      for (const PipelineWorker::Output& output : branch.pipeline->outputs()) {
        DestinationWorker& destination = *output.destination;
        if (!destination.options().required) continue;
        reserved_.push_back({&branch, &output});
        auto known = std::ranges::find(required_, &destination, &Required::destination);
        if (known == required_.end()) known = required_.insert(known, Required{&destination, {}});
        const DestinationWorker::Need need = destination.need_of(branch.payload);
        known->need.slots += need.slots;
        known->need.cost += need.cost;
      }
    }
  }

  // Gives back what the first `count` destinations have reserved.
  void release_first(size_t count) {
    for (const Reserved& place : reserved_) {
      const auto known =
          std::ranges::find(required_, place.output->destination, &Required::destination);
      if (known - required_.begin() < static_cast<ptrdiff_t>(count)) {
        place.output->destination->release(place.branch->payload);
      }
    }
  }

  // Every required destination has room; only a disk can refuse now.
  Attempt store_and_commit() {
    for (Branch& branch : branches_) {
      if (!branch.payload.bytes.empty()) reserve_best_effort(branch);
    }
    // It owes an answer for each record that must be durable, and one that stands for this
    // function.
    auto durable = std::make_shared<Completion>(loop_, 1, nullptr);
    for (Branch& branch : branches_) {
      if (Attempt stored = store(branch, durable); stored.room != Room::kReserved) {
        give_everything_back();
        return stored;
      }
    }
    if (!waits_for_disk_) {
      commit();
      return {};
    }
    if (disk_wait_->is_over) {
      abandon();
      return {};
    }
    disk_wait_->submissions.push_back(shared_from_this());
    durable->on_settled([self = shared_from_this()](const Verdict& verdict) {
      if (self->is_abandoned_) return;
      self->disk_wait_->forget(*self);
      self->on_stored(verdict);
    });
    Completion::settle(std::move(durable), loop_);
    return {};
  }

  void on_stored(const Verdict& verdict) {
    if (verdict.ok()) return commit();
    if (survives_in_memory()) {
      for (Reserved& place : reserved_) {
        if (place.stored.place != nullptr) place.stored.place->forget_record();
      }
      return commit();
    }
    uint32_t items = 0;
    for (const Branch& branch : branches_) items = std::max(items, branch.payload.item_count);
    for (const Reserved& place : reserved_) {
      if (place.stored.place == nullptr) continue;
      place.output->destination->count_refused(items, LossReport::Refusal::kStorageFailed);
    }
    give_everything_back();
    refuse(verdict);
  }

  // Memory has all of it, and is enough where the disk refuses.
  bool survives_in_memory() const {
    return std::ranges::all_of(reserved_, [](const Reserved& place) {
      return place.stored.place == nullptr ||
             (place.stored.in_memory && place.stored.backlog->options().survives_in_memory);
    });
  }

  // Writes what of the branch goes to destinations with storage. Refused: nothing of it is kept.
  Attempt store(Branch& branch, const std::shared_ptr<Completion>& completion) {
    std::vector<StoreWish> wishes;
    DestinationWorker* first = nullptr;
    for (const Reserved& place : reserved_) {
      Backlog* backlog = place.output->destination->destination().backlog();
      if (place.branch != &branch || backlog == nullptr) continue;
      if (first == nullptr) first = place.output->destination;
      wishes.push_back({.backlog = backlog,
                        .account = place.output->account,
                        .is_required = place.output->destination->options().required});
    }
    if (wishes.empty()) return {};
    const bool waits = policy_ == Policy::kDurable;
    const uint64_t bytes = PipelineWorker::shares_of(branch.processed, branch.admitted).left_bytes;
    const Status stored = pipeline::store(loop_, branch.payload, static_cast<uint32_t>(bytes),
                                          wishes, waits ? completion : nullptr);
    if (!stored) {
      storage_error_ = stored.error().message;
      // Never in line, also where a full queue blocks: giving back what was reserved would wake the
      // line at once, and the disk refuses still.
      return {Room::kFull, first};
    }
    waits_for_disk_ = waits_for_disk_ || waits;
    auto wish = wishes.begin();
    for (Reserved& place : reserved_) {
      if (place.branch != &branch || wish == wishes.end()) continue;
      if (place.output->destination->destination().backlog() != wish->backlog) continue;
      place.stored = std::move(*wish++);
    }
    return {};
  }

  void give_everything_back() {
    for (Reserved& place : reserved_) {
      if (place.stored.place != nullptr) give_back(place.stored);
      place.output->destination->release(place.branch->payload);
    }
  }

  // Nothing can refuse any more.
  void commit() {
    std::vector<size_t> left_bytes;  // per branch: admitted bytes of what is passed on
    for (Branch& branch : branches_) {
      left_bytes.push_back(branch.pipeline->enter(branch.processed, branch.admitted));
    }
    for (const Unreserved& place : unreserved_) {
      const auto index = static_cast<size_t>(place.branch - branches_.data());
      const uint32_t items = place.branch->payload.item_count;
      place.output->destination->count_dropped_at_the_queue(items);
      place.output->destination->book().drop(*place.output->account, ledger::DropReason::kQueueFull,
                                             {items, left_bytes[index]});
    }
    // Owes an answer to each destination that is waited for, and one that stands for this function.
    std::shared_ptr<Completion> completion;
    for (Reserved& place : reserved_) {
      Payload copy = place.branch->payload;
      if (waits_for(place.output->destination->options())) {
        if (completion == nullptr) completion = std::make_shared<Completion>(loop_, 1, nullptr);
        completion->owe_one_more();
        copy.completion = completion;
      }
      const size_t bytes = left_bytes[static_cast<size_t>(place.branch - branches_.data())];
      if (place.stored.place != nullptr && !place.stored.in_memory) {
        place.output->destination->book().store(*place.output->account, {copy.item_count, bytes});
        leave_on_disk(place.stored, std::move(copy), static_cast<uint32_t>(bytes));
      } else {
        place.output->destination->commit(std::move(copy), *place.output->account, bytes,
                                          std::move(place.stored.place));
      }
    }
    if (completion == nullptr) {
      on_verdict_(Verdict{});
      return;
    }
    completion->on_settled(std::move(on_verdict_));
    Completion::settle(std::move(completion), loop_);
  }

  void reserve_best_effort(Branch& branch) {
    for (const PipelineWorker::Output& output : branch.pipeline->outputs()) {
      if (output.destination->options().required) continue;
      if (output.destination->try_reserve(branch.payload) == Room::kReserved) {
        reserved_.push_back({&branch, &output});
      } else {
        unreserved_.push_back({&branch, &output});
      }
    }
  }

  MonotonicTime deadline_at(const DestinationWorker& destination) const {
    const Duration limit = destination.options().queue.block_timeout;
    return deadline_ == kNever && limit != 0s ? entered_at_ + limit : deadline_;
  }

  void wait_at(DestinationWorker& destination) {
    destination.wait_for_room(
        [self = shared_from_this(), &destination] {
          const Attempt attempt = self->try_enter(Place::kFirstInLine);
          if (attempt.room == Room::kReserved) return true;
          if (attempt.room != Room::kWait) {
            self->reject(*attempt.destination, attempt.room);
          } else if (attempt.destination == &destination) {
            return false;
          } else {
            self->wait_at(*attempt.destination);
          }
          return true;
        },
        deadline_at(destination),
        [self = shared_from_this(), &destination] { self->reject(destination, Room::kWait); });
  }

  void reject(DestinationWorker& destination, Room room) {
    uint32_t items = 0;
    for (const Branch& branch : branches_) items = std::max(items, branch.payload.item_count);
    destination.count_refused(items, refusal_of(room));
    if (storage_error_.empty()) {
      refuse(destination.full_verdict(room, need_at(destination)));
    } else {
      refuse({.code = Code::kUnavailable,
              .message = destination.options().name + ": " + storage_error_,
              .retry_after = 1s});
    }
  }

  LossReport::Refusal refusal_of(Room room) const {
    if (!storage_error_.empty()) return LossReport::Refusal::kStorageFailed;
    return room == Room::kNever ? LossReport::Refusal::kLargerThanQueue
                                : LossReport::Refusal::kQueueFull;
  }

  // Nothing where only a disk refused.
  DestinationWorker::Need need_at(const DestinationWorker& destination) const {
    const auto known = std::ranges::find(required_, &destination, &Required::destination);
    return known == required_.end() ? DestinationWorker::Need{} : known->need;
  }

  // What a processor has taken over stays with it though the request is refused.
  void enter_held_only() {
    for (Branch& branch : branches_) {
      const uint32_t held = branch.processed.held_count;
      if (held == 0) continue;
      const uint64_t bytes = branch.admitted.bytes * held / branch.admitted.items;
      branch.pipeline->enter({.held_count = held}, {held, bytes});
    }
  }

  const std::shared_ptr<DiskWait> disk_wait_;
  io::Loop& loop_;
  const Policy policy_;
  const MonotonicTime deadline_;
  MonotonicTime entered_at_ = kNever;
  VerdictCallback on_verdict_;
  std::vector<Branch> branches_;
  std::vector<Required> required_;
  std::vector<Reserved> reserved_;
  std::vector<Unreserved> unreserved_;  // best effort, without room
  bool waits_for_disk_ = false;
  bool is_abandoned_ = false;
  std::string storage_error_;
};

PipelineIntake::PipelineIntake(io::Loop& loop, std::vector<PipelineWorker*> pipelines)
    : loop_(loop), pipelines_(std::move(pipelines)), disk_wait_(std::make_shared<DiskWait>()) {}
PipelineIntake::~PipelineIntake() { abandon_waiting(); }

void PipelineIntake::abandon_waiting() {
  disk_wait_->is_over = true;
  // What one gives back may let another enter, which is abandoned at once.
  auto submissions = std::exchange(disk_wait_->submissions, {});
  for (const std::shared_ptr<Submission>& submission : submissions) submission->abandon();
  disk_wait_->submissions.clear();
}

// One pipeline, no processor, one required destination that nobody waits for: most of all traffic.
bool PipelineIntake::try_fast(Payload& payload, Policy policy, VerdictCallback& on_verdict) {
  if (pipelines_.size() != 1 || policy == Policy::kDelivered) return false;
  PipelineWorker& pipeline = *pipelines_.front();
  if (pipeline.has_processors() || pipeline.outputs().size() != 1) return false;
  const PipelineWorker::Output& output = pipeline.outputs().front();
  DestinationWorker& destination = *output.destination;
  const DestinationOptions& options = destination.options();
  if (!options.required || options.wait_for_result || destination.has_line() ||
      destination.destination().backlog() != nullptr) {
    return false;
  }
  const Room room = destination.try_reserve(payload);
  if (room == Room::kWait) return false;
  if (room != Room::kReserved) {
    destination.count_refused(payload.item_count, room == Room::kNever
                                                      ? LossReport::Refusal::kLargerThanQueue
                                                      : LossReport::Refusal::kQueueFull);
    on_verdict(destination.full_verdict(room, destination.need_of(payload)));
    return true;
  }
  const ledger::Amount admitted{payload.item_count, payload.bytes.size()};
  destination.book().admit(*output.account, admitted);
  destination.commit(std::move(payload), *output.account, admitted.bytes);
  on_verdict(Verdict{});
  return true;
}

void PipelineIntake::submit(Payload payload, Policy policy, MonotonicTime deadline,
                            VerdictCallback on_verdict) {
  if (stopped_) {
    on_verdict({.code = Code::kUnavailable, .message = "shutting down", .retry_after = 1s});
    return;
  }
  if (payload.bytes.empty()) {  // an empty request is a good one
    on_verdict(Verdict{});
    return;
  }
  payload.admitted_at = loop_.now();
  if (try_fast(payload, policy, on_verdict)) return;
  const auto submission =
      std::make_shared<Submission>(*this, policy, deadline, std::move(on_verdict));
  if (const Status status = submission->process(pipelines_, payload); !status) {
    submission->refuse(verdict_of_processor(status.error()));
    return;
  }
  submission->enter();
}

}  // namespace millrace::pipeline
