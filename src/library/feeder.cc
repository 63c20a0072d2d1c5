#include "library/feeder.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "pipeline/payload.h"

namespace millrace::library {
namespace {

using v1::DropReason;

// The number of ticks without items after which the loop stops ticking: 100 ms at 4 ms a tick.
constexpr int kIdleTicksMax = 25;
// The tick while a thread waits in flush().
constexpr Duration kFlushTick = 1ms;
// A chunk filled less than half, and with at most this many bytes, is joined with others of the
// same tick: the thread's chunk is released at once, and an outage does not hold large, empty
// chunks.
constexpr size_t kSmallBytesMax = 16 << 10;

}  // namespace

Feeder::Feeder(io::Loop& loop, Buffer& buffer, Prefix prefix, Intakes intakes,
               FeederOptions options, std::function<void()> flush_batches)
    : loop_(loop),
      buffer_(buffer),
      prefix_(std::move(prefix)),
      intakes_(intakes),
      options_(options),
      flush_batches_(std::move(flush_batches)),
      timer_(loop.make_timer([this] { tick(); })) {}

Feeder::~Feeder() = default;

void Feeder::wake() {
  idle_ticks_ = 0;
  // The first items of a burst wait one tick for others.
  arm();
}

void Feeder::arm() {
  if (timer_->armed()) return;
  timer_->arm_at(loop_.now() +
                 (flushes_.empty() ? options_.tick : std::min(options_.tick, kFlushTick)));
}

void Feeder::tick() {
  retry_backlog();
  const bool has_come = backlog_.empty() && take_and_submit(nullptr);
  idle_ticks_ = has_come || !backlog_.empty() ? 0 : idle_ticks_ + 1;
  check_flushes();
  if (idle_ticks_ < kIdleTicksMax || !flushes_.empty() || !buffer_.try_stop_ticking()) {
    idle_ticks_ = std::min(idle_ticks_, kIdleTicksMax - 1);
    arm();
  }
}

void Feeder::gather() { take_and_submit(nullptr); }

bool Feeder::take_and_submit(std::vector<Buffer::Busy>* busy) {
  buffer_.take_all(taken_, busy);
  const bool has_come = !taken_.empty();
  submit_chunks();
  return has_come;
}

void Feeder::submit_chunks() {
  for (OpenChunk* open : std::exchange(taken_, {})) {
    if (open->items == 0) {
      buffer_.release(open);
    } else if (open->size() <= kSmallBytesMax && open->size() < open->chunk->capacity / 2) {
      small_[open->signal][open->is_request ? 1 : 0].push_back(open);
    } else {
      submit_chunk(open);
    }
  }
  for (size_t signal = 0; signal < kBufferedSignals; ++signal) {
    for (auto& small : small_[signal]) {
      if (!small.empty()) submit_joined(signal, std::exchange(small, {}));
    }
  }
}

void Feeder::submit_chunk(OpenChunk* open) {
  if (open->lease != 0) buffer_.return_items(std::exchange(open->lease, 0));
  Pending pending;
  pending.payload.signal = kSignals[open->signal];
  pending.payload.item_count = open->items;
  uint8_t* const items = open->data() + open->begin;
  const size_t size =
      open->is_request ? open->size() : joined_size(open->signal, {items, open->size()});
  const uint8_t* const end = items + size;
  const uint8_t* const begin = open->is_request ? items : prefix_.write_before(items, size);
  pending.payload.bytes =
      Rope(Bytes(ChunkRef::adopt(open->chunk), begin, static_cast<size_t>(end - begin)));
  submit(std::move(pending));
}

// Copies the small chunks into one chunk of the right size; each is released after its copy.
void Feeder::submit_joined(size_t signal, std::vector<OpenChunk*> small) {
  const bool is_request = small.front()->is_request;
  size_t size = 0;
  uint32_t items = 0;
  for (const OpenChunk* open : small) {
    size += open->size();
    items += open->items;
  }
  const size_t front = is_request ? 0 : prefix_.bytes_max();
  Chunk* chunk = buffer_.store().acquire(front + size);
  if (chunk == nullptr) {  // no memory: submit them one by one
    for (OpenChunk* open : small) submit_chunk(open);
    return;
  }
  uint8_t* const first = chunk->data() + front;
  uint8_t* at = first;
  for (OpenChunk* open : small) {
    std::memcpy(at, open->data() + open->begin, open->size());
    at += open->size();
    buffer_.release(open);
  }
  if (!is_request) at = first + joined_size(signal, {first, size});
  const uint8_t* const begin =
      is_request ? first : prefix_.write_before(first, static_cast<size_t>(at - first));
  Pending pending;
  pending.payload.signal = kSignals[signal];
  pending.payload.item_count = items;
  pending.payload.bytes =
      Rope(Bytes(ChunkRef::adopt(chunk), begin, static_cast<size_t>(at - begin)));
  submit(std::move(pending));
}

// The size of bare items after points of the same metric are joined into one Metric.
size_t Feeder::joined_size(size_t signal, std::span<uint8_t> items) {
  return kSignals[signal] == Signal::kMetrics ? point_joiner_.join(items) : items.size();
}

void Feeder::submit(Pending pending) {
  pending.epoch = epoch_;
  const size_t signal = index_of(pending.payload.signal);
  ++unsettled_[epoch_];
  if (intakes_[signal] == nullptr) {
    const uint64_t items = pending.payload.item_count;
    drop(signal, items, DropReason::kRefused);
    buffer_.return_items(items);
    settle(pending.epoch, 0);
    return;
  }
  if (backlog_.empty() && try_submit(pending)) return;
  backlog_items_[signal] += pending.payload.item_count;
  backlog_.push_back(std::move(pending));
  arm();
}

// False: refused because a queue is full; `pending` is unchanged.
bool Feeder::try_submit(Pending& pending) {
  const size_t signal = index_of(pending.payload.signal);
  const uint64_t items = pending.payload.item_count;
  const uint64_t epoch = pending.epoch;
  // A refusal is known at once: senders do not wait in line here, because the time limit is now. A
  // later verdict concerns an admitted request, which the ledger accounts for.
  const uint64_t returned_later = options_.returns_credits_early ? 0 : items;
  const std::optional<pipeline::Verdict> verdict = intakes_[signal]->submit(
      pending.payload, options_.policy, loop_.now(),
      [this, epoch, returned_later](const pipeline::Verdict&) { settle(epoch, returned_later); });
  if (!verdict || verdict->ok()) {
    if (verdict) settle(epoch, returned_later);
    if (options_.returns_credits_early) buffer_.return_items(items);
    return true;
  }
  if (verdict->retry_after) return false;
  drop(signal, items, DropReason::kTooLarge);
  settle(epoch, items);
  return true;
}

void Feeder::retry_backlog() {
  while (!backlog_.empty()) {
    Pending& first = backlog_.front();
    const size_t signal = index_of(first.payload.signal);
    const uint64_t items = first.payload.item_count;
    if (!try_submit(first)) return;
    backlog_items_[signal] -= items;
    backlog_.pop_front();
  }
}

void Feeder::settle(uint64_t epoch, uint64_t items) {
  if (items != 0) buffer_.return_items(items);
  const auto found = unsettled_.find(epoch);
  if (--found->second == 0) unsettled_.erase(found);
  if (!flushes_.empty()) {
    timer_->disarm();
    timer_->arm_at(loop_.now());
  }
}

void Feeder::drop(size_t signal, uint64_t items, DropReason reason) {
  dropped_[signal][static_cast<size_t>(reason)] += items;
}

void Feeder::flush(MonotonicTime deadline, Done done) {
  begin_flush(Until::kAnswered, deadline, std::move(done));
}

void Feeder::begin_flush(Until until, MonotonicTime deadline, Done done) {
  Flush flush{
      .places = {}, .epoch = 0, .until = until, .deadline = deadline, .done = std::move(done)};
  take_and_submit(&flush.places);
  flushes_.push_back(std::move(flush));
  timer_->disarm();
  arm();
  check_flushes();
}

void Feeder::finish(MonotonicTime deadline, Done done) {
  begin_flush(Until::kSubmitted, deadline, [this, done = std::move(done)](Outcome) {
    const Outcome outcome = backlog_.empty() ? Outcome::kDone : Outcome::kDeadline;
    drop_backlog(DropReason::kDeadline);
    done(outcome);
  });
}

void Feeder::drop_backlog(DropReason reason) {
  for (const Pending& pending : backlog_) {
    drop(index_of(pending.payload.signal), pending.payload.item_count, reason);
  }
  backlog_.clear();
  backlog_items_ = {};
}

void Feeder::drop_late() {
  drop_backlog(DropReason::kShutdown);
  std::vector<OpenChunk*> late;
  buffer_.take_all(late, nullptr);
  for (OpenChunk* open : late) {
    drop(open->signal, open->items, DropReason::kShutdown);
    buffer_.release(open);
  }
  for (Flush& flush : std::exchange(flushes_, {})) flush.done(Outcome::kDeadline);
}

bool Feeder::is_over(const Flush& flush) const {
  if (flush.epoch == 0) return false;
  if (flush.until == Until::kSubmitted) {
    return backlog_.empty() || backlog_.front().epoch > flush.epoch;
  }
  return unsettled_.empty() || unsettled_.begin()->first > flush.epoch;
}

void Feeder::check_flushes() {
  if (flushes_.empty()) return;
  for (Flush& flush : flushes_) {
    if (flush.epoch != 0) continue;
    buffer_.take_again(taken_, flush.places);
    submit_chunks();
    if (flush.places.empty()) flush.epoch = epoch_++;
  }
  flush_batches_();
  std::vector<std::pair<Done, Outcome>> over;
  std::erase_if(flushes_, [&](Flush& flush) {
    const bool is_done = is_over(flush);
    if (!is_done && loop_.now() < flush.deadline) return false;
    over.emplace_back(std::move(flush.done), is_done ? Outcome::kDone : Outcome::kDeadline);
    return true;
  });
  for (auto& [done, outcome] : over) done(outcome);
}

}  // namespace millrace::library
