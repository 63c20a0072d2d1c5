#include "segment_log/eviction.h"

#include <bit>
#include <map>

namespace millrace::segment_log {
namespace {

// Between so many steps other threads may have the lock.
constexpr size_t kStepsAtOnce = 256;

uint64_t bits_of(std::span<const TargetId> targets) {
  uint64_t bits = 0;
  for (const TargetId target : targets) bits |= uint64_t{1} << target;
  return bits;
}

bool has(uint64_t targets, TargetId target) { return (targets >> target & 1) != 0; }

}  // namespace

Eviction::Eviction(LogShared& shared) : shared_(shared) {
  const MutexLock lock(shared_.mutex);
  shared_.state.caps.set_task([this](size_t at) { keep_cap(at); });
}

// --- Finding -----------------------------------------------------------------------------------

std::optional<Eviction::Oldest> Eviction::find_in_segments(const LogState& state,
                                                           uint64_t targets) {
  for (const auto& [number, segment] : state.segments.by_number()) {
    std::optional<Oldest> oldest;
    for (const TargetId target : segment->targets()) {
      if (!has(targets, target) || segment->untaken(target).records == 0) continue;
      RecordId id = segment->first_id();
      if (segment->is_detailed()) {
        const std::optional<size_t> ordinal = segment->next_untaken(target, 0);
        if (!ordinal) continue;
        id = segment->id_at(*ordinal);
      }
      if (!oldest || id < oldest->id) oldest = Oldest{target, id, segment, nullptr};
    }
    if (oldest) return oldest;
  }
  return {};
}

std::optional<Eviction::Oldest> Eviction::find(LogState& state, uint64_t targets) {
  if (std::optional<Oldest> oldest = find_in_segments(state, targets)) return oldest;
  PendingRecord* const record = state.pending.find_untaken(targets);
  if (record == nullptr) return {};
  const auto target = static_cast<TargetId>(std::countr_zero(record->untaken() & targets));
  return Oldest{target, record->id, nullptr, record};
}

// Nothing: it stands in an index that is not in memory.
std::optional<Amount> Eviction::amount_of_oldest(const LogState& state, const Oldest& oldest) {
  const Segment& segment = *oldest.segment;
  if (!segment.is_detailed()) return {};
  if (const auto rest = state.remainders.find(oldest.target, oldest.id)) return rest;
  if (!segment.has_index()) return {};
  return amount_of(segment.index()[segment.ordinal_of(oldest.id)]);
}

// --- Dropping ----------------------------------------------------------------------------------

void Eviction::drop_record(LogState& state, const Oldest& oldest, const Amount& amount,
                           Notices& notices) {
  const auto& [target, id, segment, pending] = oldest;
  state.remainders.remove(target, id);
  segment->drop_first(target, segment->ordinal_of(id), amount);
  state.lose(target, amount, Loss::kDropOldest, {id, id + 1}, notices);
  state.note_finished({id, 1, target}, segment);
}

// It is on its way to the disk, which is then told that the target is done with it.
void Eviction::drop_pending(LogState& state, const Oldest& oldest, Notices& notices) {
  const auto& [target, id, segment, pending] = oldest;
  state.pending.drop(*pending, target);
  state.lose(target, state.remainders.of(target, id, pending->amount()), Loss::kDropOldest,
             {id, id + 1}, notices);
  state.remainders.remove(target, id);
}

GivingUp Eviction::drop_oldest(std::span<const TargetId> targets, RecordId before) {
  Notices notices(shared_.untold);
  {
    const MutexLock lock(shared_.mutex);
    LogState& state = shared_.state;
    const std::optional<Oldest> oldest = find(state, bits_of(targets));
    if (!oldest || oldest->id >= before) return GivingUp::kNothing;
    if (oldest->pending != nullptr) {
      drop_pending(state, *oldest, notices);
    } else if (const std::optional<Amount> amount = amount_of_oldest(state, *oldest)) {
      drop_record(state, *oldest, *amount, notices);
    } else {
      load_index(oldest->segment);
      return GivingUp::kLater;
    }
    state.note_room(notices);
  }
  shared_.tell(notices);
  return GivingUp::kGivenUp;
}

// A caller that got kLater asks again after on_room(), which is called when the index is loaded, or
// by a later tick if it can't be read now.
void Eviction::load_index(const SegmentRef& segment) {
  if (is_loading_ || shared_.state.is_closing || segment->backoff().is_pausing(shared_.now())) {
    return;
  }
  is_loading_ = true;
  shared_.world.reads.submit([this, segment] {
    Notices notices(shared_.untold);
    {
      const MutexLock lock(shared_.mutex);
      load_segment_index(shared_, segment, notices);
      is_loading_ = false;
      if (!segment->backoff().has_failed()) notices.add_room();
    }
    shared_.tell(notices);
  });
}

// --- Caps --------------------------------------------------------------------------------------

void Eviction::set_cap(std::span<const TargetId> targets, const Cap& cap) {
  const MutexLock lock(shared_.mutex);
  shared_.state.caps.set(bits_of(targets), cap);
}

void Eviction::tick(LogState& state, WallTime now, Notices& notices) {
  for (const Caps::Entry& entry : state.caps.entries()) {
    if (entry.cap.age_max > 0s) {
      const WallTime limit = now - entry.cap.age_max;
      const auto all = state.segments.by_number();  // some may go meanwhile
      for (const auto& [number, segment] : all) {
        if (segment->count() == 0 || segment->newest() >= limit) continue;
        for (const TargetId target : segment->targets()) {
          if (!has(entry.targets, target) || segment->untaken(target).records == 0) continue;
          state.lose_part(target, segment, Loss::kAgeExpired, notices);
        }
      }
    }
    state.caps.schedule(static_cast<TargetId>(std::countr_zero(entry.targets)), state.untaken);
  }
}

// On the read lane: what still waits for its commit is left to the next time.
void Eviction::keep_cap(size_t at) {
  bool goes_on = true;
  MutexLock lock(shared_.mutex);
  const Caps::Entry& entry = shared_.state.caps.begin_task(at);
  while (goes_on) {
    Notices notices(shared_.untold);
    for (size_t steps = 0; goes_on && steps < kStepsAtOnce; ++steps) {
      goes_on = drop_excess(entry, notices);
    }
    shared_.state.note_room(notices);
    lock.unlock();
    shared_.tell(notices);
    lock.lock();
  }
}

// One step; false when there is nothing to do, or nothing that can be done now.
bool Eviction::drop_excess(const Caps::Entry& entry, Notices& notices) {
  LogState& state = shared_.state;
  const uint64_t excess = Caps::excess(entry, state.untaken);
  const std::optional<Oldest> oldest =
      excess == 0 ? std::nullopt : find_in_segments(state, entry.targets);
  if (!oldest) return false;
  const SegmentRef& segment = oldest->segment;
  if (segment->untaken(oldest->target).payload_bytes <= excess) {
    state.lose_part(oldest->target, segment, Loss::kDropOldest, notices);
    return true;
  }
  if (const std::optional<Amount> amount = amount_of_oldest(state, *oldest)) {
    drop_record(state, *oldest, *amount, notices);
    return true;
  }
  if (segment->backoff().is_pausing(shared_.now())) return false;
  // Loaded, or gone meanwhile.
  return load_segment_index(shared_, segment, notices) || !state.segments.contains(*segment);
}

}  // namespace millrace::segment_log
