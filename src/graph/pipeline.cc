#include "graph/pipeline.h"

#include <algorithm>
#include <utility>

#include "storage/storage.h"

namespace millrace::pipeline {

// The outlet of the processor at `index`.
class PipelineWorker::HeldOutlet final : public Outlet {
 public:
  HeldOutlet(PipelineWorker& pipeline, size_t index) : pipeline_(pipeline), index_(index) {}
  Status emit(Payload payload) override {
    return pipeline_.emit_behind(index_ + 1, std::move(payload));
  }
  void filter(uint32_t item_count) override {
    const ledger::Amount amount = pipeline_.take_held(item_count);
    for (const Output& output : pipeline_.outputs_) {
      output.destination->book().filter(*output.account, amount);
    }
  }
  void sample_out(uint32_t item_count) override {
    const ledger::Amount amount = pipeline_.take_held(item_count);
    for (const Output& output : pipeline_.outputs_) {
      output.destination->book().sample_out(*output.account, amount);
    }
  }

 private:
  PipelineWorker& pipeline_;
  const size_t index_;
};

PipelineWorker::PipelineWorker(io::Loop& loop, std::string name, std::vector<Output> outputs)
    : loop_(loop), name_(std::move(name)), outputs_(std::move(outputs)) {}
PipelineWorker::~PipelineWorker() = default;

Outlet& PipelineWorker::next_outlet() {
  outlets_.push_back(std::make_unique<HeldOutlet>(*this, processors_.size()));
  return *outlets_.back();
}

void PipelineWorker::add_processor(std::unique_ptr<Processor> processor, io::LongWork& long_work) {
  long_work_ = &long_work;
  processors_.push_back(std::move(processor));
}

Result<PipelineWorker::Processed> PipelineWorker::process(Payload& payload) {
  const ledger::Amount whole{payload.item_count, payload.bytes.size()};
  Tried tried = process_from(0, payload);
  const uint64_t held = tried.processed.held_count;
  if (tried.status) return tried.processed;
  // Items that were taken over before the error stay where they are though the request is refused.
  if (held != 0) {
    enter({.held_count = tried.processed.held_count},
          {held, whole.bytes * held / std::max<uint64_t>(1, whole.items)});
  }
  return fail(std::move(tried.status.error()));
}

void PipelineWorker::add_point(Trail& trail, size_t position, const Payload& payload) {
  trail.points.push_back({.position = position,
                          .item_count = payload.item_count,
                          .bytes = payload.bytes,
                          .at = loop_.read_clock()});
}

std::optional<Trail> PipelineWorker::begin_trail(size_t first, const Payload& payload) {
  if (!is_watched() || !tap_->wants_trail(payload)) return std::nullopt;
  std::optional<Trail> trail(std::in_place);
  trail->metadata = payload.metadata;
  add_point(*trail, first, payload);
  return trail;
}

void PipelineWorker::show_watched(const Payload& payload) {
  if (auto trail = begin_trail(0, payload)) tap_->take_trail(std::move(*trail));
}

PipelineWorker::Tried PipelineWorker::process_from(size_t first, Payload& payload) {
  std::optional<Trail> trail = begin_trail(first, payload);
  Tried tried;
  Processed& total = tried.processed;
  uint32_t left_count = 0;
  for (size_t i = first; i < processors_.size(); ++i) {
    Work work = long_work_->work();
    Result<ProcessorResult> result = processors_[i]->process(payload, work);
    if (!result) {
      if (trail) trail->refusal = result.error().message;
      tried.status = fail(std::move(result.error()));
      break;
    }
    total.filtered_count += result->filtered_count;
    total.sampled_out_count += result->sampled_out_count;
    total.held_count += result->held_count;
    total.added_count += result->added_count;
    // At once: a later processor may be suspended while the ledger is audited.
    if (first == 0) unentered_count_ += result->held_count;
    left_count += result->left_count();
    const bool is_over = payload.item_count == 0 && left_count != 0;
    if (is_over) payload.bytes.clear();
    if (trail) add_point(*trail, i + 1, payload);
    if (is_over) break;
  }
  if (trail) tap_->take_trail(std::move(*trail));
  return tried;
}

PipelineWorker::Shares PipelineWorker::shares_of(const Processed& processed,
                                                 ledger::Amount admitted) {
  const uint64_t items = std::max<uint64_t>(1, admitted.items);
  const ledger::Amount filtered{processed.filtered_count,
                                admitted.bytes * processed.filtered_count / items};
  ledger::Amount sampled_out{processed.sampled_out_count,
                             admitted.bytes * processed.sampled_out_count / items};
  ledger::Amount held{processed.held_count, admitted.bytes * processed.held_count / items};
  // The account that takes the last item gets the rest of the rounding.
  const bool none_is_left = filtered.items + sampled_out.items + held.items == admitted.items;
  if (none_is_left && processed.held_count != 0) {
    held.bytes = admitted.bytes - filtered.bytes - sampled_out.bytes;
  } else if (none_is_left && processed.sampled_out_count != 0) {
    sampled_out.bytes = admitted.bytes - filtered.bytes;
  }
  return {filtered, sampled_out, held,
          admitted.bytes - filtered.bytes - sampled_out.bytes - held.bytes};
}

size_t PipelineWorker::enter(const Processed& processed, ledger::Amount admitted) {
  admitted.items += processed.added_count;
  auto [filtered, sampled_out, held, left_bytes] = shares_of(processed, admitted);
  const uint64_t early = std::min(early_count_, held.items);
  early_count_ -= early;
  admitted.items -= early;
  held.items -= early;
  for (const Output& output : outputs_) {
    ledger::Book& book = output.destination->book();
    book.admit(*output.account, admitted);
    if (filtered.items != 0) book.filter(*output.account, filtered);
    if (sampled_out.items != 0) book.sample_out(*output.account, sampled_out);
  }
  held_ += held;
  unentered_count_ -= held.items;
  if (held_.items == 0 && held_.bytes != 0) {
    // The items that these bytes stand for left early, without bytes.
    const ledger::Amount rest{0, std::exchange(held_.bytes, 0)};
    for (const Output& output : outputs_) output.destination->book().filter(*output.account, rest);
  }
  return left_bytes;
}

// Into one destination in which room is reserved. False: its storage refuses.
bool PipelineWorker::enter_late(const Payload& payload, const Output& output, uint32_t bytes) {
  Backlog* backlog = output.destination->destination().backlog();
  StoreTarget target{.backlog = backlog, .account = output.account};
  if (backlog != nullptr && !store(loop_, payload, bytes, {&target, 1}, nullptr)) {
    output.destination->release(payload);
    return false;
  }
  if (backlog != nullptr && !target.in_memory) {
    output.destination->book().store(*output.account, {payload.item_count, bytes});
    leave_on_disk(target, payload, bytes);
  } else {
    output.destination->commit(payload, *output.account, bytes, std::move(target.lease));
  }
  return true;
}

ledger::Amount PipelineWorker::take_held(uint32_t item_count) {
  if (item_count > held_.items) {
    const uint64_t early = std::min(item_count - held_.items, unentered_count_);
    for (const Output& output : outputs_) {
      output.destination->book().admit(*output.account, {early, 0});
    }
    held_.items += early;
    unentered_count_ -= early;
    early_count_ += early;
  }
  ledger::Amount taken{item_count, held_.items == 0 ? 0 : held_.bytes * item_count / held_.items};
  taken.bytes = std::min(taken.bytes, held_.bytes);
  held_.items -= std::min(taken.items, held_.items);
  held_.bytes -= taken.bytes;
  return taken;
}

Status PipelineWorker::emit_behind(size_t index, Payload payload) {
  const ledger::Amount emitted = take_held(payload.item_count);
  const Tried tried = process_from(index, payload);
  const ledger::Amount added{tried.processed.added_count, 0};
  const auto [filtered, sampled_out, held, bytes] = shares_of(tried.processed, emitted + added);
  held_ += held;
  if (!tried.status) {
    const ledger::Amount refused = emitted - held;
    for (const Output& output : outputs_) {
      output.destination->book().drop(*output.account, ledger::DropReason::kRefused, refused);
    }
    return fail(tried.status.error());
  }
  tell_tap(payload);
  Status status;
  for (const Output& output : outputs_) {
    ledger::Book& book = output.destination->book();
    if (added.items != 0) book.admit(*output.account, added);
    book.filter(*output.account, filtered);
    book.sample_out(*output.account, sampled_out);
    if (payload.bytes.empty()) continue;
    const DestinationWorker::Room room = output.destination->try_reserve(payload);
    if (room == DestinationWorker::Room::kReserved &&
        enter_late(payload, output, static_cast<uint32_t>(bytes))) {
      continue;
    }
    output.destination->count_dropped_at_the_queue(payload.item_count);
    book.drop(*output.account, ledger::DropReason::kQueueFull, {payload.item_count, bytes});
    status =
        fail(Code::kUnavailable,
             output.destination->full_verdict(room, output.destination->need_of(payload)).message);
  }
  return status;
}

void PipelineWorker::flush() {
  for (const auto& processor : processors_) processor->flush();
}

uint64_t PipelineWorker::held_count() const {
  uint64_t items = 0;
  for (const auto& processor : processors_) items += processor->held_count();
  return items;
}

void PipelineWorker::count_held(ledger::Held& held) const {
  const uint64_t items = held_count() - unentered_count_;
  if (items == 0 && held_.bytes == 0) return;
  for (const Output& output : outputs_) held.add(*output.account, {items, held_.bytes});
}

}  // namespace millrace::pipeline
