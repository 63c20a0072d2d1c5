// One file that records are appended to, with rotation. A record is there whole or not at all:
// what a failed write left behind is cut off before anything else is written.
//
// A long record is written in pieces, so that it need not be made whole before: the writer then
// belongs to one user (an exporter) from try_begin() to finish() or abandon(), and the others wait
// in the order in which they asked. A process that is killed in between leaves a part of a line
// behind; the next open() that goes on in the file ends that line first.
//
// Threads: safe from any; shared by the exporters of all workers, so that records of several
// workers never mix. Each call holds a lock while the system takes the bytes (no fsync).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "exporters/file/backup_name.h"
#include "exporters/file/options.h"
#include "io/file.h"

namespace millrace::exporters {

class FileWriter {
 public:
  // `files` must outlive the writer; `now` (for the names and ages of backups) must be safe from
  // any thread.
  FileWriter(FileOptions options, io::FileSystem& files, std::function<WallTime()> now);

  // Makes the directory if asked to and opens the file, so that a wrong path is found at the start.
  // Empties the file unless append or rotation says otherwise; a file that is another user's, or
  // that holds something else, is not emptied: kFailedPrecondition.
  Status open();

  // OK: the system has the whole record. Otherwise nothing of it will ever be read, and the same
  // record may be given again. kUnavailable, with the path and the system's text.
  // kUnavailable as well while a record in pieces is being written.
  Status write_record(std::span<const uint8_t> record);

  // A record in pieces. `user` is any address that stands for the caller. False: another user has
  // the writer, or was first in asking for it; ask again later, or call leave().
  using User = const void*;
  [[nodiscard]] bool try_begin(User user);
  enum class Progress : uint8_t {
    kWritten,
    kStartOver,  // the file was rotated: nothing of the record is there, write it from its start
  };
  // Precondition of the three below: `user` has the writer. After a failure (as of write_record)
  // only abandon() is allowed.
  Result<Progress> append(User user, std::span<const uint8_t> piece);
  void finish(User user);
  // Nothing of the record will ever be read.
  void abandon(User user);
  // No longer waits. Precondition: `user` has not got the writer.
  void leave(User user);
  // Whether a record may be written in pieces: one that a pipe has taken a part of cannot be taken
  // back. kUnavailable: the file can't be opened now.
  Result<bool> can_be_cut_back();

  const std::string& path() const { return options_.path; }
  // Size of the current file, in bytes; backups made since the start.
  uint64_t size() const;
  uint64_t rotation_count() const;
  // Backups removed since the start because there were too many, or they were too old.
  uint64_t removed_count() const;
  // The last failure to remove an old backup, which does not fail a write; empty when none.
  std::string cleanup_error() const;

 private:
  Status open_locked(io::OpenMode mode) MILLRACE_REQUIRES(mutex_);
  Result<Progress> append_locked(std::span<const uint8_t> piece) MILLRACE_REQUIRES(mutex_);
  void finish_locked() MILLRACE_REQUIRES(mutex_);
  Status end_torn_line() MILLRACE_REQUIRES(mutex_);
  Status rotate() MILLRACE_REQUIRES(mutex_);
  Result<std::string> unused_backup_path();
  void remove_old_backups() MILLRACE_REQUIRES(mutex_);
  Status cut_back() MILLRACE_REQUIRES(mutex_);
  bool must_rotate_before(uint64_t record_size) const MILLRACE_REQUIRES(mutex_);

  const FileOptions options_;
  const PathParts parts_;
  io::FileSystem& files_;
  const std::function<WallTime()> now_;

  mutable Mutex mutex_;
  // Null: to be opened by the next write.
  std::unique_ptr<io::File> file_ MILLRACE_GUARDED_BY(mutex_);
  // Up to the end of the last whole record.
  uint64_t size_ MILLRACE_GUARDED_BY(mutex_) = 0;
  // Bytes of the record that is being written, behind size_.
  uint64_t record_bytes_ MILLRACE_GUARDED_BY(mutex_) = 0;
  // Bytes of a record that was not written whole may stand behind size_.
  bool torn_ MILLRACE_GUARDED_BY(mutex_) = false;
  // The user that writes a record in pieces; null: none.
  User user_ MILLRACE_GUARDED_BY(mutex_) = nullptr;
  // The users that asked for the writer meanwhile, in that order.
  std::deque<User> waiting_ MILLRACE_GUARDED_BY(mutex_);
  bool opened_before_ MILLRACE_GUARDED_BY(mutex_) = false;
  uint64_t rotation_count_ MILLRACE_GUARDED_BY(mutex_) = 0;
  uint64_t removed_count_ MILLRACE_GUARDED_BY(mutex_) = 0;
  std::string cleanup_error_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::exporters
