// The directory of a log: the lock that keeps other processes out, and the removal of files.
// The write lane's, but for open().
#pragma once

#include <memory>

#include "segment_log/read_lane.h"
#include "segment_log/shared.h"

namespace millrace::segment_log {

class LogDirectory {
 public:
  LogDirectory(LogShared& shared, ReadLane& reads) : shared_(shared), reads_(reads) {}

  // Makes the directory if it is absent, and locks it. Errors: it can't be made or read, or another
  // process has it.
  Status open();
  // Whether the directory that is locked is the one that its path names; if not, and the one there
  // is free, that is locked. Error: neither.
  Status hold();
  // Removes the files of segments that are gone, also those that the read lane has open. True: at
  // least one went.
  bool remove_gone_files();

 private:
  LogShared& shared_;
  ReadLane& reads_;
  std::unique_ptr<io::DirectoryLock> lock_;
};

}  // namespace millrace::segment_log
