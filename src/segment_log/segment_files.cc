#include "segment_log/segment_files.h"

#include <algorithm>

namespace millrace::segment_log {

Result<io::DiskFile*> SegmentFiles::open(const SegmentName& name) {
  const auto found = std::find_if(files_.begin(), files_.end(), [&name](const auto& entry) {
    return entry.first == name.number;
  });
  if (found != files_.end()) {
    std::rotate(found, found + 1, files_.end());
    return files_.back().second.get();
  }
  Result<std::unique_ptr<io::DiskFile>> file =
      place_.disk.open(place_.path(name), io::DiskOpen::kRead);
  if (!file) return fail(file.error());
  if (files_.size() >= kFilesMax) files_.erase(files_.begin());
  files_.emplace_back(name.number, std::move(*file));
  return files_.back().second.get();
}

}  // namespace millrace::segment_log
