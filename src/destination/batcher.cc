#include "destination/batcher.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace millrace::pipeline {

// --- Lists -------------------------------------------------------------------------------------

void Batcher::List::push_back(PendingRequest request) {
  items += request.item_count();
  bytes += request.bytes.size();
  requests.push_back(std::move(request));
}

void Batcher::List::push_front(PendingRequest request) {
  items += request.item_count();
  bytes += request.bytes.size();
  requests.push_front(std::move(request));
}

PendingRequest Batcher::List::take(size_t index) {
  MILLRACE_CHECK(index < requests.size());
  PendingRequest taken = std::move(requests[index]);
  requests.erase(requests.begin() + static_cast<ptrdiff_t>(index));
  MILLRACE_CHECK(items >= taken.item_count() && bytes >= taken.bytes.size());
  items -= taken.item_count();
  bytes -= taken.bytes.size();
  if (index < swept) --swept;
  return taken;
}

bool Batcher::try_pop(PendingRequest& into) {
  if (!parts_.queue.try_pop(into)) return false;
  parts_.book.take(into.owed.account(), into.amount(), into.generation);
  return true;
}

void Batcher::push(PendingRequest&& request) {
  request.generation = parts_.book.queue(request.owed.account(), request.amount());
  parts_.queue.push(std::move(request));
}

void Batcher::sort_into_partitions(MonotonicTime now) {
  PendingRequest request;
  while (try_pop(request)) {
    auto reduced = std::make_shared<Metadata>();
    std::string key;
    for (const std::string& name : options_.batch.metadata_keys) {
      if (request.metadata != nullptr) {
        for (const MetadataEntry& entry : request.metadata->entries) {
          if (entry.name != name) continue;
          key.append(entry.value).push_back('\0');
          reduced->entries.push_back(entry);
        }
      }
      key.push_back('\1');  // the end of this name's values
    }
    const auto [found, is_new] = partitions_.try_emplace(std::move(key));
    List& list = found->second;
    if (is_new) {
      list.metadata = std::move(reduced);
      list.due = now + options_.batch.flush_timeout;
    }
    list.push_back(std::move(request));
  }
}

// --- When --------------------------------------------------------------------------------------

BatchMode Batcher::mode() const {
  return options_.signal == Signal::kProfiles ? BatchMode::kNone : options_.batch.mode;
}

bool Batcher::has_minimum() const {
  return options_.batch.items_min != 0 || options_.batch.bytes_min != 0;
}

bool Batcher::is_half_full(uint64_t items, uint64_t bytes) const {
  const QueueOptions& queue = options_.queue;
  const uint64_t requests = parts_.queue.size() + own_.requests.size();
  if (2 * requests >= parts_.queue.slot_count()) return true;
  switch (queue.sizer) {
    case Sizer::kRequests:
      return 2 * requests >= queue.capacity;
    case Sizer::kItems:
      return 2 * items >= queue.capacity;
    case Sizer::kBytes:
      return 2 * bytes >= queue.capacity;
  }
  return false;
}

bool Batcher::is_ready(Trigger trigger, MonotonicTime now) {
  if (is_partitioned()) sort_into_partitions(now);
  if (!has_pending()) return false;
  if (parts_.queue.is_draining() || mode() == BatchMode::kNone) return true;
  if (is_partitioned()) return ready_partition(now) != nullptr;
  const BatchOptions& batch = options_.batch;
  const SendingQueue::Pending in_ring = parts_.queue.pending();
  const uint64_t items = in_ring.items + own_.items;
  const uint64_t bytes = in_ring.bytes + own_.bytes;
  const auto reaches = [&](uint64_t items_at, uint64_t bytes_at) {
    return (items_at != 0 && items >= items_at) || (bytes_at != 0 && bytes >= bytes_at);
  };
  if (batch.mode == BatchMode::kAdaptive) {
    // No attempt is under way, a permit just came free, or a batch is full.
    return trigger != Trigger::kEnqueued || parts_.window.attempts() == 0 ||
           parts_.window.is_overdue() || reaches(batch.items_max, batch.bytes_max) ||
           bytes >= joined_bytes_max();
  }
  return trigger == Trigger::kTimeout || batch.flush_timeout == 0s || !has_minimum() ||
         parts_.window.is_overdue() || reaches(batch.items_min, batch.bytes_min) ||
         reaches(batch.items_max, batch.bytes_max) || is_half_full(items, bytes);
}

// Adaptive: any partition, the one that is due first. Fixed: one that is full enough or due.
Batcher::List* Batcher::ready_partition(MonotonicTime now) {
  const BatchOptions& batch = options_.batch;
  const bool sends_anything =
      mode() != BatchMode::kFixed || parts_.queue.is_draining() || !has_minimum();
  List* best = nullptr;
  for (auto& [key, list] : partitions_) {
    const bool is_full = (batch.items_min != 0 && list.items >= batch.items_min) ||
                         (batch.bytes_min != 0 && list.bytes >= batch.bytes_min) ||
                         (batch.items_max != 0 && list.items >= batch.items_max);
    if (!sends_anything && !is_full && list.due > now && !is_half_full(list.items, list.bytes)) {
      continue;
    }
    if (best == nullptr || list.due < best->due) best = &list;
  }
  return best;
}

MonotonicTime Batcher::first_due() const {
  MonotonicTime first = kNever;
  for (const auto& [key, list] : partitions_) first = std::min(first, list.due);
  return first;
}

// --- What --------------------------------------------------------------------------------------

CutLimits Batcher::limits() const {
  const uint64_t learned = parts_.peer_size_limit.bytes();
  if (mode() == BatchMode::kNone) return {0, learned};
  CutLimits limits{options_.batch.items_max, options_.batch.bytes_max};
  if (learned != 0 && (limits.bytes_max == 0 || learned < limits.bytes_max)) {
    limits.bytes_max = learned;
  }
  return limits;
}

Batcher::Formed Batcher::form(Trigger trigger, MonotonicTime now) {
  if (mode() != BatchMode::kFixed || !has_minimum()) return form_now(now);
  if (!parts_.window.try_begin_forming()) return {};
  Formed formed;
  if (is_ready(trigger, now)) formed = form_now(now);
  parts_.window.end_forming();
  return formed;
}

Batcher::Formed Batcher::form_now(MonotonicTime now) {
  Formed formed;
  List* const list = is_partitioned() ? ready_partition(now) : &own_;
  if (list == nullptr) return formed;
  formed.batch = std::make_unique<Flight>();
  formed.batch->signal = options_.signal;
  if (!fill(*list, now, formed)) {
    formed.batch.reset();
    return formed;
  }
  if (is_partitioned()) leave_partition(*list, *formed.batch, now);
  parts_.window.clear_overdue();
  if (formed.batch->entries.empty()) formed.batch.reset();
  return formed;
}

// False: a request has to be cut in slices first.
bool Batcher::fill(List& list, MonotonicTime now, Formed& formed) {
  const CutLimits limits = this->limits();
  const auto exceeds = [&](uint64_t items, uint64_t bytes) {
    return (limits.items_max != 0 && items > limits.items_max) ||
           (limits.bytes_max != 0 && bytes > limits.bytes_max);
  };
  Flight& flight = *formed.batch;
  PendingRequest request;
  while (take_one(list, now, formed, request)) {
    const uint64_t items = request.item_count();
    const uint64_t bytes = request.bytes.size();
    const bool is_first = flight.entries.empty();
    const uint64_t joined_bytes = flight.bytes.size() + bytes;
    if (!is_first &&
        (exceeds(flight.item_count + items, joined_bytes) || joined_bytes > joined_bytes_max())) {
      list.push_front(std::move(request));
      break;
    }
    if (is_first && exceeds(items, bytes) && items > 1 && !request.is_uncuttable) {
      if (!is_partitioned() && parts_.cutting.takes_slices(request)) {
        formed.large = std::move(request);
        return false;
      }
      std::vector<CutPiece> pieces;
      if (options_.signal != Signal::kProfiles) pieces = parts_.cutting.cut(request, limits);
      cut_in_front(list, std::move(request), std::move(pieces));
      request = list.pop_front();  // the first part, or the whole when it cannot be cut
    }
    flight.append(std::move(request));
    if (is_full(flight, limits)) break;
  }
  return true;
}

uint64_t Batcher::joined_bytes_max() const {
  const BatchOptions& batch = options_.batch;
  const bool is_limited = batch.mode == BatchMode::kAdaptive && batch.joined_bytes_max != 0;
  return is_limited ? batch.joined_bytes_max : UINT64_MAX;
}

bool Batcher::is_full(const Flight& flight, CutLimits limits) const {
  if (mode() == BatchMode::kNone || flight.bytes.size() >= joined_bytes_max()) return true;
  const BatchOptions& batch = options_.batch;
  const auto reaches = [&](uint64_t items_at, uint64_t bytes_at) {
    return (items_at != 0 && flight.item_count >= items_at) ||
           (bytes_at != 0 && flight.bytes.size() >= bytes_at);
  };
  const bool is_unlimited = limits.items_max == 0 && limits.bytes_max == 0;
  return is_unlimited ? reaches(batch.items_min, batch.bytes_min)
                      : reaches(limits.items_max, limits.bytes_max);
}

// The next request of `list`, or of the ring; what is too old goes to formed.expired on the way.
bool Batcher::take_one(List& list, MonotonicTime now, Formed& formed, PendingRequest& into) {
  for (;;) {
    if (!list.requests.empty()) {
      into = list.pop_front();
    } else if (is_partitioned() || !try_pop(into)) {
      return false;
    }
    const Duration age_max = options_.queue.age_max;
    if (age_max == 0s || now - into.admitted_at <= age_max) return true;
    formed.expired.push_back(std::move(into));
  }
}

void Batcher::leave_partition(List& list, Flight& flight, MonotonicTime now) {
  flight.metadata = list.metadata;
  list.due = now + options_.batch.flush_timeout;
  if (list.requests.empty()) {
    std::erase_if(partitions_, [&](const auto& entry) { return &entry.second == &list; });
  }
}

void Batcher::cut_in_front(List& list, PendingRequest large, std::vector<CutPiece> pieces) {
  std::vector<PendingRequest> parts = split_request(large, std::move(pieces));
  if (parts.empty()) {
    large.is_uncuttable = true;
    list.push_front(std::move(large));
    return;
  }
  parts_.queue.add_parts(parts.size() - 1);
  for (size_t i = parts.size(); i > 0; --i) list.push_front(std::move(parts[i - 1]));
}

void Batcher::put_in_front(PendingRequest large, std::vector<CutPiece> pieces) {
  cut_in_front(own_, std::move(large), std::move(pieces));
}

void Batcher::put_in_front(std::vector<PendingRequest> requests) {
  for (size_t i = requests.size(); i > 0; --i) {
    if (is_partitioned()) {
      push(std::move(requests[i - 1]));
    } else {
      own_.push_front(std::move(requests[i - 1]));
    }
  }
}

// --- Taking out --------------------------------------------------------------------------------

// What is read back with the newest first stands in that order, and all of it has to be looked at.
const PendingRequest* Batcher::find_oldest(MonotonicTime now) {
  const Backlog* const backlog = parts_.queue.backlog();
  const bool is_in_order =
      backlog == nullptr || backlog->options().order == segment_log::Order::kOldestFirst;
  if (is_partitioned()) {
    sort_into_partitions(now);
  } else {
    PendingRequest request;
    while ((!is_in_order || own_.requests.empty()) && try_pop(request)) {
      own_.push_back(std::move(request));
    }
  }
  const PendingRequest* oldest = nullptr;
  const auto look_at = [&](List& list) {
    const size_t count =
        is_in_order ? std::min<size_t>(1, list.requests.size()) : list.requests.size();
    for (size_t i = 0; i < count; ++i) {
      if (oldest != nullptr && !list.requests[i].entered_before(*oldest)) continue;
      oldest = &list.requests[i];
      oldest_list_ = &list;
      oldest_index_ = i;
    }
  };
  look_at(own_);
  for (auto& [key, list] : partitions_) look_at(list);
  return oldest;
}

PendingRequest Batcher::take_oldest() {
  PendingRequest oldest = std::exchange(oldest_list_, nullptr)->take(oldest_index_);
  std::erase_if(partitions_, [](const auto& entry) { return entry.second.requests.empty(); });
  return oldest;
}

bool Batcher::take_next(PendingRequest& into) {
  if (!own_.requests.empty()) {
    into = own_.pop_front();
    return true;
  }
  if (!partitions_.empty()) {
    List& first = partitions_.begin()->second;
    into = first.pop_front();
    if (first.requests.empty()) partitions_.erase(partitions_.begin());
    return true;
  }
  return try_pop(into);
}

void Batcher::begin_sweep() {
  own_.swept = 0;
  for (auto& [key, list] : partitions_) list.swept = 0;
}

bool Batcher::sweep_part(MonotonicTime now, size_t work_max, const Visit& visit) {
  if (is_partitioned()) sort_into_partitions(now);
  size_t work = 0;
  bool is_over = false;
  const auto goes_on = [&](PendingRequest& request) {
    const std::optional<size_t> done = visit(request);
    is_over = !done;
    work += done.value_or(0);
    return done && work < work_max;
  };
  const auto goes_through = [&](List& list) {
    while (list.swept < list.requests.size()) {
      if (!goes_on(list.requests[list.swept++])) return false;
    }
    return true;
  };
  if (!goes_through(own_)) return !is_over;
  for (auto& [key, list] : partitions_) {
    if (!goes_through(list)) return !is_over;
  }
  PendingRequest request;
  while (try_pop(request)) {
    own_.push_back(std::move(request));
    if (!goes_through(own_)) return !is_over;
  }
  return false;
}

void Batcher::count_held(ledger::Held& held) const {
  for (const PendingRequest& request : own_.requests) {
    held.add(request.owed.account(), request.amount());
  }
  for (const auto& [key, list] : partitions_) {
    for (const PendingRequest& request : list.requests) {
      held.add(request.owed.account(), request.amount());
    }
  }
}

MonotonicTime Batcher::oldest() const {
  MonotonicTime oldest = kNever;
  const auto look = [&](const List& list) {
    if (!list.requests.empty()) oldest = std::min(oldest, list.requests.front().admitted_at);
  };
  look(own_);
  for (const auto& [key, list] : partitions_) look(list);
  return oldest;
}

}  // namespace millrace::pipeline
