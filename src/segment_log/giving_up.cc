// What one destination gives up while the others keep theirs: past its cap, or its oldest record on
// demand. A record given up is finished like any other, so that its segment goes when nobody needs
// it any more.
//
// How large a record is stands in the index of its segment, which is in memory only for those used
// last. So what goes is taken by whole segments where all of the destination's part goes, for which
// its sum is enough, and one by one only in the last; there the read lane loads the index.
#include <algorithm>

#include "segment_log/core.h"

namespace millrace::segment_log {
namespace {

// Between these steps others may have the lock.
constexpr size_t kStepsAtOnce = 256;

uint64_t bits_of(std::span<const TargetId> targets) {
  uint64_t bits = 0;
  for (const TargetId target : targets) bits |= uint64_t{1} << target;
  return bits;
}

}  // namespace

// --- Finding -----------------------------------------------------------------------------------

std::optional<Log::Core::Oldest> Log::Core::find_oldest(uint64_t targets, bool looks_at_queued) {
  std::optional<Oldest> oldest;
  for (const auto& [number, segment] : segments_) {
    for (auto& [target, part] : segment->parts) {
      if ((targets >> target & 1) == 0 || part.untaken.records == 0) continue;
      RecordId id = segment->first_id;
      if (segment->is_detailed) {
        const std::optional<size_t> ordinal = segment->next_untaken(part, 0);
        if (!ordinal) continue;
        id = segment->id_at(*ordinal);
      }
      if (!oldest || id < oldest->id) oldest = Oldest{target, id, segment, nullptr};
    }
    if (oldest) return oldest;
  }
  if (!looks_at_queued) return {};
  const auto find_in = [&](auto& records) {
    for (Queued& record : records) {
      const uint64_t untaken = record.wanted & ~record.taken & ~record.done & targets;
      if (untaken == 0) continue;
      oldest =
          Oldest{static_cast<TargetId>(std::countr_zero(untaken)), record.id, nullptr, &record};
      return true;
    }
    return false;
  };
  if (!find_in(writing_)) find_in(queue_);
  return oldest;
}

std::optional<Amount> Log::Core::amount_known(TargetId target, const Segment& segment,
                                              size_t ordinal) const {
  const auto rest = rests_.find({target, segment.id_at(ordinal)});
  if (rest != rests_.end()) return rest->second;
  if (!segment.has_index) return {};
  return amount_of(segment.index[ordinal]);
}

// --- Giving up ---------------------------------------------------------------------------------

void Log::Core::give_up_record(const Oldest& oldest, size_t ordinal, const Amount& amount,
                               Notices& notices) {
  const auto& [target, id, segment, queued] = oldest;
  TargetPart& part = *segment->part(target);
  rests_.erase({target, id});
  part.untaken -= amount;
  part.low = ordinal + 1;  // it was the first
  segment->finish(target, id);
  lose_untaken(target, amount, Loss::kDropOldest, notices, {id, id + 1});
  done_to_write_.push_back({id, 1, target});
  retire_if_finished(segment);
}

// It is on its way to the disk, which is then told that the target is done with it.
void Log::Core::give_up_queued(const Oldest& oldest, Notices& notices) {
  const auto& [target, id, segment, queued] = oldest;
  queued->done |= uint64_t{1} << target;
  --untaken_queued_[target];
  lose_untaken(target, rest_or(target, id, queued->amount()), Loss::kDropOldest, notices,
               {id, id + 1});
  rests_.erase({target, id});
}

// All that is untaken of the target in the segment.
void Log::Core::give_up_part(TargetId target, const std::shared_ptr<Segment>& segment, Loss loss,
                             Notices& notices) {
  TargetPart& part = *segment->part(target);
  const RecordRange all{segment->first_id, segment->first_id + segment->count};
  lose_untaken(target, part.untaken, loss, notices, all);
  rests_.erase(rests_.lower_bound({target, all.first}), rests_.lower_bound({target, all.end}));
  for (const DoneRange& range : segment->finish_untaken(target)) done_to_write_.push_back(range);
  retire_if_finished(segment);
}

GivingUp Log::Core::give_up_oldest(std::span<const TargetId> targets, RecordId before) {
  Notices notices;
  MutexLock lock(mutex_);
  const std::optional<Oldest> oldest = find_oldest(bits_of(targets), true);
  if (!oldest || oldest->id >= before) return GivingUp::kNothing;
  if (oldest->queued != nullptr) {
    give_up_queued(*oldest, notices);
  } else {
    const Segment& segment = *oldest->segment;
    const size_t ordinal = oldest->id - segment.first_id;
    const std::optional<Amount> amount =
        segment.is_detailed ? amount_known(oldest->target, segment, ordinal) : std::nullopt;
    if (!amount) {
      load_for_giving_up(oldest->segment);
      return GivingUp::kLater;
    }
    give_up_record(*oldest, ordinal, *amount, notices);
  }
  note_room(notices);
  lock.unlock();
  tell(notices);
  return GivingUp::kGivenUp;
}

// Whoever was told kLater asks again when it is there. After a failure the next tick wakes them.
void Log::Core::load_for_giving_up(const std::shared_ptr<Segment>& segment) {
  if (loads_for_giving_up_ || is_closing_ || is_resting(*segment)) return;
  loads_for_giving_up_ = true;
  world_.reads.submit([this, segment] {
    Notices notices;
    MutexLock lock(mutex_);
    give_index(segment, notices);
    loads_for_giving_up_ = false;
    notices.has_room = segment->read_failures == 0;
    lock.unlock();
    tell(notices);
  });
}

// --- Caps --------------------------------------------------------------------------------------

void Log::Core::set_cap(std::span<const TargetId> targets, const Cap& cap) {
  const MutexLock lock(mutex_);
  const uint64_t bits = bits_of(targets);
  std::erase_if(caps_, [bits](const CapState& state) { return (state.targets & bits) != 0; });
  caps_.push_back({.targets = bits, .cap = cap});
}

uint64_t Log::Core::excess_of(const CapState& state) const {
  if (state.cap.payload_bytes_max == 0) return 0;
  uint64_t bytes = 0;
  for (uint64_t rest = state.targets; rest != 0; rest &= rest - 1) {
    bytes += untaken_[static_cast<size_t>(std::countr_zero(rest))].payload_bytes;
  }
  return bytes - std::min(bytes, state.cap.payload_bytes_max);
}

void Log::Core::check_cap_of(TargetId target) {
  if (is_closing_) return;
  for (size_t i = 0; i < caps_.size(); ++i) {
    CapState& state = caps_[i];
    if ((state.targets >> target & 1) == 0 || state.is_scheduled || excess_of(state) == 0) continue;
    state.is_scheduled = true;
    world_.reads.submit([this, i] { keep_cap(i); });
  }
}

void Log::Core::check_caps(Notices& notices) {
  for (const CapState& state : caps_) {
    expire_part_of(state, notices);
    check_cap_of(static_cast<TargetId>(std::countr_zero(state.targets)));
  }
}

void Log::Core::expire_part_of(const CapState& state, Notices& notices) {
  if (state.cap.age_max <= 0s) return;
  const WallTime limit = now() - state.cap.age_max;
  const auto all = segments_;  // some may go meanwhile
  for (const auto& [number, segment] : all) {
    if (segment->count == 0 || segment->newest >= limit) continue;
    for (auto& [target, part] : segment->parts) {
      if ((state.targets >> target & 1) == 0 || part.untaken.records == 0) continue;
      give_up_part(target, segment, Loss::kAgeExpired, notices);
    }
  }
}

// On the read lane: what still waits for its commit is left to the next time.
void Log::Core::keep_cap(size_t index) {
  MutexLock lock(mutex_);
  CapState& state = caps_[index];
  state.is_scheduled = false;
  bool goes_on = true;
  while (goes_on) {
    Notices notices;
    for (size_t steps = 0; goes_on && steps < kStepsAtOnce; ++steps) {
      goes_on = give_up_excess(state, notices);
    }
    note_room(notices);
    lock.unlock();
    tell(notices);
    lock.lock();
  }
}

// One step; false when there is nothing to do, or nothing that can be done now.
bool Log::Core::give_up_excess(const CapState& state, Notices& notices) {
  const uint64_t excess = excess_of(state);
  const std::optional<Oldest> oldest =
      excess == 0 ? std::nullopt : find_oldest(state.targets, false);
  if (!oldest) return false;
  const std::shared_ptr<Segment>& segment = oldest->segment;
  if (segment->part(oldest->target)->untaken.payload_bytes <= excess) {
    give_up_part(oldest->target, segment, Loss::kDropOldest, notices);
    return true;
  }
  const size_t ordinal = oldest->id - segment->first_id;
  const std::optional<Amount> amount =
      segment->is_detailed ? amount_known(oldest->target, *segment, ordinal) : std::nullopt;
  if (amount) {
    give_up_record(*oldest, ordinal, *amount, notices);
    return true;
  }
  if (is_resting(*segment)) return false;
  // Loaded, or gone meanwhile.
  return give_index(segment, notices) || !segments_.contains(segment->name.number);
}

}  // namespace millrace::segment_log
