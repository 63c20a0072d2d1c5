// The files of segments that were read last, open. The read lane's.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "io/disk.h"
#include "segment_log/segment_writer.h"

namespace millrace::segment_log {

class SegmentFiles {
 public:
  static constexpr size_t kFilesMax = 4;

  explicit SegmentFiles(const SegmentPlace& place) : place_(place) {}
  // The file of that segment, which stays open until others were used more recently. Error: the
  // disk's.
  Result<io::DiskFile*> open(const SegmentName& name);
  // Closes the files of all segments for which `is_gone(number)` is true.
  template <class IsGone>
  void close_if(const IsGone& is_gone) {
    std::erase_if(files_, [&](const auto& entry) { return is_gone(entry.first); });
  }

 private:
  const SegmentPlace& place_;
  // By number, the most recently used last.
  std::vector<std::pair<uint64_t, std::unique_ptr<io::DiskFile>>> files_;
};

}  // namespace millrace::segment_log
