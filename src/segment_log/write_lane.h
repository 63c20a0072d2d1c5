// The write lane: one commit at a time, each one write and one sync; segments are begun, sealed and
// removed between commits. What callers append meanwhile goes into the next commit, which may wait
// a little for more (commit_wait.h).
//
// All tasks run on the lane; schedule them by LogState::writes.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "segment_log/active_segment.h"
#include "segment_log/block_buffer.h"
#include "segment_log/commit_wait.h"
#include "segment_log/log_directory.h"
#include "segment_log/read_lane.h"
#include "segment_log/shared.h"

namespace millrace::segment_log {

class WriteLane {
 public:
  WriteLane(LogShared& shared, ReadLane& reads);

  // Before the lane runs.
  LogDirectory& directory() { return directory_; }
  // Refuses appends from now on, until a probe succeeds: pending records are lost.
  void refuse_appends(const Error& error) MILLRACE_EXCLUDES(shared_.mutex);
  // On the lane: commits what is pending and finished, seals, and calls `done`. No task runs after
  // it. Precondition: the state is closing.
  void close(std::move_only_function<void()> done) MILLRACE_EXCLUDES(shared_.mutex);

 private:
  using Batch = std::vector<const PendingRecord*>;

  void run() MILLRACE_EXCLUDES(shared_.mutex);
  bool end_or_begin_wait() MILLRACE_REQUIRES(shared_.mutex);
  bool commit_once() MILLRACE_EXCLUDES(shared_.mutex);
  std::optional<Batch> take_batch();
  static std::vector<IndexEntry> lay_out_records(const Batch& batch, BlockBuffer& blocks);
  void lay_out_finished(BlockBuffer& blocks);
  Status write(const BlockBuffer& blocks, bool needs_sync);
  void on_committed(const BlockBuffer& blocks, const std::vector<IndexEntry>& entries);
  void on_commit_failed(const Error& error);
  void fail_records(std::vector<PendingRecord> records, const Error& error);
  void check_place();
  void probe();
  void finish_closing();

  LogShared& shared_;
  LogDirectory directory_;
  ActiveSegment active_;
  const uint64_t segment_bytes_;  // of a usual segment

  CommitWait commit_wait_ MILLRACE_GUARDED_BY(shared_.mutex);
  // The next commit waits for more records since then.
  std::optional<WallTime> waiting_since_ MILLRACE_GUARDED_BY(shared_.mutex);
  // So many records were pending at that time.
  size_t waiting_from_ MILLRACE_GUARDED_BY(shared_.mutex) = 0;
  // The lane closes when the wait is over.
  bool closes_after_wait_ MILLRACE_GUARDED_BY(shared_.mutex) = false;
  std::move_only_function<void()> on_closed_;
};

}  // namespace millrace::segment_log
