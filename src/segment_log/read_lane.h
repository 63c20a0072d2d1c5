// The read lane: untaken records are chosen under the lock, then read and checked without it.
//
// Tasks run on the lane; the functions that submit them are safe from any thread.
#pragma once

#include <cstddef>
#include <set>
#include <vector>

#include "segment_log/segment_files.h"
#include "segment_log/shared.h"

namespace millrace::segment_log {

// Ensures that the segment's index is in memory; on the read lane. If it is not, the function
// releases the mutex while it reads the file. False: the index can't be read now, or the segment
// was removed meanwhile.
bool load_segment_index(LogShared& shared, const SegmentRef& segment, Notices& notices)
    MILLRACE_REQUIRES(shared.mutex);

class ReadLane {
 public:
  explicit ReadLane(LogShared& shared) : shared_(shared), files_(shared.place) {}

  struct Request {
    TargetId target = 0;
    size_t bytes_max = 0;
    Order order = Order::kOldestFirst;
    Log::OnRead on_read;
  };
  // Submits a task that takes records and reads them. While the target's only untaken records are
  // pending, the task waits for their commit.
  void submit(Request request);
  // Submits a task that closes the files of segments that were removed.
  void close_removed_files();

 private:
  // The records that were taken from one segment and their index entries, in the same order.
  struct Selection {
    SegmentRef segment;
    std::vector<LogState::Taken> records;
    std::vector<IndexEntry> entries;
  };

  void run(Request request) MILLRACE_EXCLUDES(shared_.mutex);
  std::vector<Selection> select(const Request& request, Notices& notices);
  bool select_in(Segment& segment, const Request& request, size_t& bytes, Selection& into)
      MILLRACE_REQUIRES(shared_.mutex);
  void read(const Request& request, const Selection& selection, std::vector<Record>& records,
            Notices& notices);
  bool is_read_in_vain(const Segment& segment);
  void put_back(TargetId target, const SegmentRef& segment, const LogState::Taken& record,
                const Error& error);
  void quarantine(TargetId target, const SegmentRef& segment, const LogState::Taken& record,
                  Notices& notices);

  LogShared& shared_;
  SegmentFiles files_;
  // Records that were found damaged, so that each is counted once. The lane's.
  std::set<RecordId> quarantined_;
};

}  // namespace millrace::segment_log
