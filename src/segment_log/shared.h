// The place of a log and its state under one mutex: what the calls and both lanes share.
#pragma once

#include <utility>

#include "base/mutex.h"
#include "segment_log/log_state.h"
#include "segment_log/segment_writer.h"

namespace millrace::segment_log {

struct LogShared {
  LogShared(Options its_options, Log::World its_world)
      : options(std::move(its_options)),
        world(std::move(its_world)),
        place{world.disk, options.directory, options.fsync ? Syncing::kYes : Syncing::kNo,
              world.at_point},
        state(options, untaken_records, world.writes, world.reads) {}

  WallTime now() const { return world.wall_clock(); }
  // With the mutex free.
  void tell(Notices& notices) MILLRACE_EXCLUDES(mutex) { notices.tell(observer); }

  const Options options;
  const Log::World world;
  const SegmentPlace place;
  Observer* observer = nullptr;  // set before appends begin
  UntakenRecords untaken_records;
  UntoldLosses untold;
  // Never held while the disk, a callback or the observer is called.
  Mutex mutex;
  LogState state MILLRACE_GUARDED_BY(mutex);
};

}  // namespace millrace::segment_log
