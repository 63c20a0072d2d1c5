// Drops records of one destination while other destinations keep theirs: beyond its cap, or its
// oldest record on demand. A dropped record counts as finished, so its segment is removed when no
// target needs it any more.
//
// The size of a record stands in the index of its segment, which is in memory only for the segments
// that were used last. So Eviction drops the destination's whole part of a segment as long as that
// is not too much, for which the part's sum is enough, and single records only in the last segment,
// whose index the read lane loads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "segment_log/read_lane.h"
#include "segment_log/shared.h"

namespace millrace::segment_log {

class Eviction {
 public:
  explicit Eviction(LogShared& shared);

  // Log::set_cap and Log::give_up_oldest.
  void set_cap(std::span<const TargetId> targets, const Cap& cap) MILLRACE_EXCLUDES(shared_.mutex);
  GivingUp drop_oldest(std::span<const TargetId> targets, RecordId before)
      MILLRACE_EXCLUDES(shared_.mutex);
  // Drops what is older than its cap allows, by whole segments, and schedules what is more.
  static void tick(LogState& state, WallTime now, Notices& notices);

 private:
  // The oldest untaken record of some targets; pending, or in a segment.
  struct Oldest {
    TargetId target = 0;
    RecordId id = 0;  // not above it, where the segment's records are not known one by one
    SegmentRef segment = {};
    PendingRecord* pending = nullptr;
  };
  static std::optional<Oldest> find_in_segments(const LogState& state, uint64_t targets);
  static std::optional<Oldest> find(LogState& state, uint64_t targets);
  static std::optional<Amount> amount_of_oldest(const LogState& state, const Oldest& oldest);
  static void drop_record(LogState& state, const Oldest& oldest, const Amount& amount,
                          Notices& notices);
  static void drop_pending(LogState& state, const Oldest& oldest, Notices& notices);

  void load_index(const SegmentRef& segment) MILLRACE_REQUIRES(shared_.mutex);
  void keep_cap(size_t at) MILLRACE_EXCLUDES(shared_.mutex);
  bool drop_excess(const Caps::Entry& entry, Notices& notices) MILLRACE_REQUIRES(shared_.mutex);

  LogShared& shared_;
  // The read lane has an index to load for drop_oldest().
  bool is_loading_ MILLRACE_GUARDED_BY(shared_.mutex) = false;
};

}  // namespace millrace::segment_log
