#include "graph/submission.h"

#include <algorithm>
#include <utility>

#include "pipeline/completion.h"

namespace millrace::pipeline {
namespace {

// The retry hint when the budget has no room: the same as the receivers'.
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

void Submission::DiskWait::forget(const Submission& submission) {
  const auto found = std::ranges::find_if(
      submissions, [&submission](const auto& one) { return one.get() == &submission; });
  if (found != submissions.end()) submissions.erase(found);
}

std::optional<Verdict> Submission::submit(const std::vector<PipelineWorker*>& pipelines,
                                          const Payload& payload) {
  is_inside_submit_ = true;
  if (const Status status = process(pipelines, payload); !status) {
    refuse(verdict_of_processor(status.error()));
  } else {
    enter();
  }
  is_inside_submit_ = false;
  return std::exchange(verdict_, std::nullopt);
}

Status Submission::process(const std::vector<PipelineWorker*>& pipelines, const Payload& payload) {
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

// Enters, is refused, or waits in line.
void Submission::enter() {
  Attempt attempt = try_enter(Position::kNew);
  if (attempt.room == Room::kReserved) return;
  entered_at_ = loop_.now();
  if (attempt.room == Room::kWait && deadline_ > entered_at_) {
    wait_at(*attempt.destination);
  } else {
    reject(*attempt.destination, attempt.room);
  }
}

void Submission::refuse(const Verdict& verdict) {
  enter_held_only();
  answer(verdict);
}

void Submission::answer(const Verdict& verdict) {
  if (is_inside_submit_) {
    verdict_ = verdict;
  } else {
    on_verdict_(verdict);
  }
}

uint32_t Submission::item_count() const {
  uint32_t items = 0;
  for (const Branch& branch : branches_) items = std::max(items, branch.payload.item_count);
  return items;
}

void Submission::abandon() {
  is_abandoned_ = true;
  on_verdict_ = nullptr;
  give_everything_back();
  reserved_.clear();
}

bool Submission::waits_for(const DestinationOptions& options) const {
  return options.wait_for_result || (policy_ == Policy::kDelivered && options.required);
}

// All that this request brings to one destination is reserved in one step: were it one pipeline
// after the other, a request that fits only in part would give its own reservation back, be woken
// by that, and try again for ever.
Submission::Attempt Submission::try_enter(Position position) {
  reserved_.clear();
  unreserved_.clear();
  waits_for_disk_ = false;
  storage_error_.clear();
  gather_required();
  for (size_t index = 0; index < required_.size(); ++index) {
    const Required& one = required_[index];
    const bool behind_others = position == Position::kNew && one.destination->has_line();
    const Room room = behind_others ? Room::kWait : one.destination->try_reserve(one.need);
    if (room == Room::kReserved) continue;
    release_first(index);
    return {room, one.destination};
  }
  return store_and_commit();
}

// Lists the required destinations, each once; reserved_ has an entry for each branch.
void Submission::gather_required() {
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
void Submission::release_first(size_t count) {
  for (const Reserved& reserved : reserved_) {
    const auto known =
        std::ranges::find(required_, reserved.output->destination, &Required::destination);
    if (known - required_.begin() < static_cast<ptrdiff_t>(count)) {
      reserved.output->destination->release(reserved.branch->payload);
    }
  }
}

// Every required destination has room; only a disk can refuse now.
Submission::Attempt Submission::store_and_commit() {
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

void Submission::on_stored(const Verdict& verdict) {
  if (verdict.ok()) return commit();
  if (survives_in_memory()) {
    for (Reserved& reserved : reserved_) {
      if (reserved.stored.lease != nullptr) reserved.stored.lease->forget_record();
    }
    return commit();
  }
  const uint32_t items = item_count();
  for (const Reserved& reserved : reserved_) {
    if (reserved.stored.lease == nullptr) continue;
    reserved.output->destination->count_refused(items, LossReport::Refusal::kStorageFailed);
  }
  give_everything_back();
  refuse(verdict);
}

// Memory has all of it, and is enough where the disk refuses.
bool Submission::survives_in_memory() const {
  return std::ranges::all_of(reserved_, [](const Reserved& reserved) {
    return reserved.stored.lease == nullptr ||
           (reserved.stored.in_memory && reserved.stored.backlog->options().survives_in_memory);
  });
}

// Writes what of the branch goes to destinations with storage. Refused: nothing of it is kept.
Submission::Attempt Submission::store(Branch& branch,
                                      const std::shared_ptr<Completion>& completion) {
  std::vector<StoreTarget> targets;
  DestinationWorker* first = nullptr;
  for (const Reserved& reserved : reserved_) {
    Backlog* backlog = reserved.output->destination->destination().backlog();
    if (reserved.branch != &branch || backlog == nullptr) continue;
    if (first == nullptr) first = reserved.output->destination;
    targets.push_back({.backlog = backlog,
                       .account = reserved.output->account,
                       .is_required = reserved.output->destination->options().required});
  }
  if (targets.empty()) return {};
  const bool waits = policy_ == Policy::kDurable;
  const uint64_t bytes = PipelineWorker::shares_of(branch.processed, branch.admitted).left_bytes;
  const Status stored = pipeline::store(loop_, branch.payload, static_cast<uint32_t>(bytes),
                                        targets, waits ? completion : nullptr);
  if (!stored) {
    storage_error_ = stored.error().message;
    // Never in line, also where a full queue blocks: giving back what was reserved would wake the
    // line at once, and the disk refuses still.
    return {Room::kFull, first};
  }
  waits_for_disk_ = waits_for_disk_ || waits;
  auto target = targets.begin();
  for (Reserved& reserved : reserved_) {
    if (reserved.branch != &branch || target == targets.end()) continue;
    if (reserved.output->destination->destination().backlog() != target->backlog) continue;
    reserved.stored = std::move(*target++);
  }
  return {};
}

void Submission::give_everything_back() {
  for (Reserved& reserved : reserved_) {
    if (reserved.stored.lease != nullptr) withdraw(reserved.stored);
    reserved.output->destination->release(reserved.branch->payload);
  }
}

// Nothing can refuse any more.
void Submission::commit() {
  std::vector<size_t> left_bytes;  // per branch: admitted bytes of what is passed on
  for (Branch& branch : branches_) {
    left_bytes.push_back(branch.pipeline->enter(branch.processed, branch.admitted));
    branch.pipeline->tell_tap(branch.payload);
  }
  for (const Unreserved& missed : unreserved_) {
    const auto index = static_cast<size_t>(missed.branch - branches_.data());
    const uint32_t items = missed.branch->payload.item_count;
    missed.output->destination->count_dropped_at_the_queue(items);
    missed.output->destination->book().drop(*missed.output->account, ledger::DropReason::kQueueFull,
                                            {items, left_bytes[index]});
  }
  // Owes an answer to each destination that is waited for, and one that stands for this function.
  std::shared_ptr<Completion> completion;
  for (Reserved& reserved : reserved_) {
    Payload copy = reserved.branch->payload;
    if (waits_for(reserved.output->destination->options())) {
      if (completion == nullptr) completion = std::make_shared<Completion>(loop_, 1, nullptr);
      completion->owe_one_more();
      copy.completion = completion;
    }
    const size_t bytes = left_bytes[static_cast<size_t>(reserved.branch - branches_.data())];
    if (reserved.stored.lease != nullptr && !reserved.stored.in_memory) {
      reserved.output->destination->book().store(*reserved.output->account,
                                                 {copy.item_count, bytes});
      leave_on_disk(reserved.stored, std::move(copy), static_cast<uint32_t>(bytes));
    } else {
      reserved.output->destination->commit(std::move(copy), *reserved.output->account, bytes,
                                           std::move(reserved.stored.lease));
    }
  }
  if (completion == nullptr) return answer(Verdict{});
  completion->on_settled(std::move(on_verdict_));
  Completion::settle(std::move(completion), loop_);
}

void Submission::reserve_best_effort(Branch& branch) {
  for (const PipelineWorker::Output& output : branch.pipeline->outputs()) {
    if (output.destination->options().required) continue;
    if (output.destination->try_reserve(branch.payload) == Room::kReserved) {
      reserved_.push_back({&branch, &output});
    } else {
      unreserved_.push_back({&branch, &output});
    }
  }
}

MonotonicTime Submission::deadline_at(const DestinationWorker& destination) const {
  const Duration limit = destination.options().queue.block_timeout;
  return deadline_ == kNever && limit != 0s ? entered_at_ + limit : deadline_;
}

void Submission::wait_at(DestinationWorker& destination) {
  destination.wait_for_room(
      [self = shared_from_this(), &destination] {
        const Attempt attempt = self->try_enter(Position::kFirstInLine);
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

void Submission::reject(DestinationWorker& destination, Room room) {
  destination.count_refused(item_count(), refusal_of(room));
  if (storage_error_.empty()) {
    refuse(destination.full_verdict(room, need_at(destination)));
  } else {
    refuse({.code = Code::kUnavailable,
            .message = destination.options().name + ": " + storage_error_,
            .retry_after = 1s});
  }
}

LossReport::Refusal Submission::refusal_of(Room room) const {
  if (!storage_error_.empty()) return LossReport::Refusal::kStorageFailed;
  return room == Room::kNever ? LossReport::Refusal::kLargerThanQueue
                              : LossReport::Refusal::kQueueFull;
}

// Nothing where only a disk refused.
DestinationWorker::Need Submission::need_at(const DestinationWorker& destination) const {
  const auto known = std::ranges::find(required_, &destination, &Required::destination);
  return known == required_.end() ? DestinationWorker::Need{} : known->need;
}

// Items that a processor holds stay with it though the request is refused.
void Submission::enter_held_only() {
  for (Branch& branch : branches_) {
    const uint32_t held = branch.processed.held_count;
    if (held == 0) continue;
    const uint64_t bytes = branch.admitted.bytes * held / branch.admitted.items;
    branch.pipeline->enter({.held_count = held}, {held, bytes});
  }
}

}  // namespace millrace::pipeline
