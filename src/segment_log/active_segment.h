// The segment that is written: its file, and what the log's state knows of it. The write lane's.
#pragma once

#include <memory>

#include "segment_log/log_directory.h"
#include "segment_log/segment_writer.h"
#include "segment_log/shared.h"

namespace millrace::segment_log {

class ActiveSegment {
 public:
  ActiveSegment(LogShared& shared, LogDirectory& directory)
      : shared_(shared), directory_(directory) {}

  bool exists() const { return writer_ != nullptr; }
  SegmentWriter& writer() { return *writer_; }  // precondition: exists

  // Creates the next one. A full disk is handled as a full log is: where the oldest may go, it
  // goes. Error: the disk refuses. Precondition: none exists.
  Status begin();
  // Writes the footer. When that fails, the segment is scanned at the next start.
  void seal();
  // The file is not touched again, and scanned at the next start.
  void abandon();

 private:
  Status begin_once();
  bool drop_oldest_for_space();

  LogShared& shared_;
  LogDirectory& directory_;
  std::unique_ptr<SegmentWriter> writer_;  // null: none exists
};

// Bytes of a usual segment: what the options say, or less for a small limit, so that space is given
// back in useful parts.
uint64_t usual_segment_bytes(const Options& options);

}  // namespace millrace::segment_log
