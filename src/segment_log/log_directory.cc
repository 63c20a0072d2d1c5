#include "segment_log/log_directory.h"

#include <string>
#include <utility>
#include <vector>

namespace millrace::segment_log {

Status LogDirectory::open() {
  const Options& options = shared_.options;
  io::Disk& disk = shared_.world.disk;
  const Status made = disk.create_directories(options.directory, options.directory_mode);
  // The records on a file system that has become read-only can still be delivered.
  if (!made && !disk.list(options.directory)) return made;
  Result<std::unique_ptr<io::DirectoryLock>> lock = disk.lock_directory(options.directory);
  if (!lock) return fail(lock.error());
  lock_ = std::move(*lock);
  return {};
}

// Another process may have the directory once the locked file is not the one that its path names.
Status LogDirectory::hold() {
  Status held = lock_->check_in_place();
  if (held) return held;
  auto lock = shared_.world.disk.lock_directory(shared_.options.directory);
  if (!lock) {
    // If the directory is absent, the first error says so.
    return lock.error().code == Code::kNotFound ? held : Status(fail(lock.error()));
  }
  lock_ = std::move(*lock);
  return {};
}

bool LogDirectory::remove_gone_files() {
  std::vector<SegmentName> names;
  {
    const MutexLock lock(shared_.mutex);
    names = shared_.state.segments.take_gone();
  }
  if (names.empty()) return false;
  shared_.place.point("before_remove");
  bool removed = false;
  std::vector<SegmentName> left;
  for (const SegmentName& name : names) {
    const Status status = shared_.world.disk.remove(shared_.place.path(name));
    if (status || status.error().code == Code::kNotFound) {
      removed = true;
    } else {
      left.push_back(name);
    }
  }
  shared_.place.point("files_removed");
  if (removed && shared_.place.syncing == Syncing::kYes) {
    // When this fails they may come back after a power cut, which is allowed.
    static_cast<void>(shared_.world.disk.sync_directory(shared_.options.directory));
  }
  Notices notices(shared_.untold);
  {
    const MutexLock lock(shared_.mutex);
    // The next tick tries again.
    shared_.state.segments.put_back_gone(left);
    shared_.state.note_room(notices);
    if (removed && !shared_.state.is_closing) reads_.close_removed_files();
  }
  shared_.tell(notices);
  return removed;
}

}  // namespace millrace::segment_log
