#include "recent/store.h"

#include <algorithm>
#include <utility>

#include "recent/kept_bytes.h"

namespace millrace::recent {
namespace {

// After memory was short.
constexpr Duration kPause = 10s;

}  // namespace

Store::Store(Budget& budget, size_t bytes_max, std::vector<std::string> pipelines, Run run)
    : budget_(budget),
      bytes_max_(bytes_max),
      pipelines_(std::move(pipelines)),
      runs_{std::move(run)} {}

size_t Store::add_run(const Run& run) {
  const auto found = std::ranges::find_if(runs_, [&](const Run& known) {
    return known.id == run.id && known.started_at == run.started_at;
  });
  if (found != runs_.end()) return static_cast<size_t>(found - runs_.begin());
  runs_.push_back(run);
  return runs_.size() - 1;
}

size_t Store::add_pipeline(std::string_view name) {
  const auto found = std::ranges::find(pipelines_, name);
  if (found != pipelines_.end()) return static_cast<size_t>(found - pipelines_.begin());
  pipelines_.emplace_back(name);
  return pipelines_.size() - 1;
}

void Store::drop_oldest(Dropped& dropped) {
  RecordRef& oldest = records_.front();
  bytes_.fetch_sub(oldest->bytes.size() + kKeptCost, std::memory_order_relaxed);
  dropped.push_back(std::move(oldest));
  records_.pop_front();
}

bool Store::make_room(size_t cost, MonotonicTime now) {
  Dropped dropped;
  const MutexLock lock(mutex_);
  if (std::exchange(is_pause_due_, false)) paused_until_ = now + kPause;
  if (now < paused_until_ || cost > bytes_max_ / 2) return false;
  while (!records_.empty() && bytes_.load(std::memory_order_relaxed) + cost > bytes_max_) {
    drop_oldest(dropped);
  }
  bytes_.fetch_add(cost, std::memory_order_relaxed);
  return true;
}

void Store::add(const Arrival& arrival) {
  const size_t cost = arrival.bytes.size() + kKeptCost;
  const bool is_short = is_short_for(budget_, cost);
  if (is_short) give_back();
  if (is_short || !make_room(cost, arrival.now)) return count_skipped(1);
  auto record = std::make_shared<Record>();
  record->memory = Reservation::try_make(budget_, MemoryTerm::kRecent, cost);
  if (!record->memory) {
    bytes_.fetch_sub(cost, std::memory_order_relaxed);
    return count_skipped(1);
  }
  record->signal = arrival.signal;
  record->item_count = arrival.item_count;
  record->pipeline = arrival.pipeline;
  record->run = arrival.run;
  record->received_at = arrival.received_at;
  record->bytes = kept_copy_of(arrival.bytes);
  const MutexLock lock(mutex_);
  record->number = ++newest_;
  records_.push_back(std::move(record));
}

bool Store::give_back() {
  if (bytes_.load(std::memory_order_relaxed) == 0) return false;
  std::deque<RecordRef> dropped;
  {
    const MutexLock lock(mutex_);
    is_pause_due_ = true;
    for (const RecordRef& record : records_) {
      bytes_.fetch_sub(record->bytes.size() + kKeptCost, std::memory_order_relaxed);
    }
    dropped.swap(records_);
  }
  return !dropped.empty();
}

std::vector<RecordRef> Store::newer_than(uint64_t number, size_t count_max) const {
  std::vector<RecordRef> found;
  const MutexLock lock(mutex_);
  auto first = std::ranges::upper_bound(records_, number, {}, &Record::number);
  for (; first != records_.end() && found.size() < count_max; ++first) found.push_back(*first);
  return found;
}

std::vector<RecordRef> Store::newest_first(Signal signal) const {
  std::vector<RecordRef> found;
  const MutexLock lock(mutex_);
  for (auto at = records_.rbegin(); at != records_.rend(); ++at) {
    if ((*at)->signal == signal) found.push_back(*at);
  }
  return found;
}

uint64_t Store::oldest_number() const {
  const MutexLock lock(mutex_);
  return records_.empty() ? newest_ + 1 : records_.front()->number;
}

Store::Numbers Store::numbers() const {
  Numbers numbers{.bytes = bytes_.load(std::memory_order_relaxed),
                  .bytes_max = bytes_max_,
                  .skipped_count = skipped_count_.load(std::memory_order_relaxed)};
  const MutexLock lock(mutex_);
  numbers.requests = records_.size();
  numbers.kept_count = newest_;
  numbers.newest = newest_;
  if (!records_.empty()) numbers.oldest_at = records_.front()->received_at;
  return numbers;
}

}  // namespace millrace::recent
