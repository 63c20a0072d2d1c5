// The recent telemetry on disk: what earlier runs kept comes back into the store, and what this run
// keeps is written behind it. Enter here.
//
// Life: open() before the loops run, which blocks on the disk and reads at most as much as the
// store holds; then follow(); close() when no loop runs. numbers() and trouble(): any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "io/disk.h"
#include "io/executor.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "recent/store.h"
#include "recent_file/file_writer.h"
#include "recent_file/kept_files.h"

namespace millrace::recent_file {

class RecentFile {
 public:
  struct Options {
    std::string directory;
    uint64_t bytes_max = 0;  // of all files together
    // Of this run's redaction processors; not 0: files with another hash are removed unread.
    uint64_t redaction_hash = 0;
  };
  // All outlive it.
  struct Parts {
    io::Disk* disk = nullptr;
    recent::Store* store = nullptr;  // empty
    Budget* budget = nullptr;
    Logger* log = nullptr;
  };
  // Errors: the directory cannot be made, read or locked. A full disk is none: it is trouble().
  static Result<std::unique_ptr<RecentFile>> open(Options options, Parts parts);
  ~RecentFile();
  RecentFile(const RecentFile&) = delete;
  RecentFile& operator=(const RecentFile&) = delete;

  // From now on what the store gets is written once a second, on the lane; the timer is of `loop`.
  void follow(io::Loop& loop, std::unique_ptr<io::Executor> lane);
  // Writes the rest and ends the lane.
  void close();

  struct Numbers {
    uint64_t bytes = 0;
    uint64_t bytes_max = 0;
    uint64_t read_requests = 0;  // of earlier runs, when this one started
    uint64_t written_requests = 0;
    uint64_t lost_requests = 0;  // left the store before they were written, or could not be
  };
  Numbers numbers() const;
  const std::string& directory() const { return options_.directory; }
  // Why nothing is written now; empty: all is well.
  std::string trouble() const;

 private:
  RecentFile(Options options, Parts parts);
  Status read_files();
  Status read_file(const KeptFiles::File& kept, bool has_room);
  Status read_requests(uint64_t number, class FileReader& reader);
  void begin_round();
  void run_round();
  void note(const Status& status);

  const Options options_;
  const Parts parts_;
  KeptFiles files_;  // the lane's once it follows
  std::unique_ptr<FileWriter> writer_;
  uint64_t read_requests_ = 0;   // constant once it follows
  uint32_t rounds_to_wait_ = 0;  // after a failure; the lane's
  io::Loop* loop_ = nullptr;
  std::unique_ptr<io::Timer> timer_;
  std::unique_ptr<io::Executor> lane_;
  // The loop sets it when it submits a round, the lane clears it: one round at a time; acquire and
  // release are the lane's own.
  std::atomic<bool> is_in_round_{false};
  mutable Mutex mutex_;
  std::string trouble_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::recent_file
