// Writes segment files: the beginning, commits, the footer.
//
// One thread (the write lane). After an error the file is not touched again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/disk.h"
#include "segment_log/block_buffer.h"
#include "segment_log/segment.h"

namespace millrace::segment_log {

// What happens at named points; empty: nothing.
using AtPoint = std::function<void(std::string_view)>;
enum class Syncing : uint8_t { kYes, kNo };

struct SegmentPlace {
  io::Disk& disk;
  std::string directory;
  Syncing syncing = Syncing::kYes;
  AtPoint at_point;
  void point(std::string_view name) const {
    if (at_point) at_point(name);
  }
  std::string path(const SegmentName& name) const {
    return directory + "/" + segment_file_name(name);
  }
};

struct FooterContent {
  std::vector<NamedTarget> targets;
  const Segment* segment = nullptr;     // its index, sums and ids
  std::vector<const Segment*> done_in;  // whose done records are remembered
};

// Writes the footer at `end` and cuts the file behind it. `synced`: what is known to be synced.
// Returns the file's size.
Result<uint64_t> seal_segment(const SegmentPlace& place, io::DiskFile& file, uint64_t end,
                              uint64_t synced, const FooterContent& content);

class SegmentWriter {
 public:
  struct Beginning {
    SegmentName name;
    RecordId first_id = 0;
    WallTime now;
    uint64_t allocate_bytes = 0;
    std::vector<NamedTarget> targets;
    std::vector<const Segment*> done_in;
  };
  // A new file with its head and snapshot, synced, as is its directory. After an error nothing is
  // left of it if the disk allows.
  static Result<std::unique_ptr<SegmentWriter>> begin(const SegmentPlace& place,
                                                      const Beginning& beginning);

  // A buffer for the blocks behind the last ones.
  BlockBuffer next_blocks() const { return BlockBuffer(name_.epoch, end_, synced_); }
  Status write(const BlockBuffer& blocks);
  Status sync();
  // Whether the next start finds the segment where it is written (DiskFile::check_in_place).
  Status check_in_place() const { return file_->check_in_place(); }
  // Nothing may be written afterwards. Returns the file's size.
  Result<uint64_t> seal(const FooterContent& content);
  // Gives back the space that was allocated ahead, after an error.
  void give_up();

  uint64_t end() const { return end_; }

 private:
  SegmentWriter(const SegmentPlace& place, const SegmentName& name,
                std::unique_ptr<io::DiskFile> file)
      : place_(place), name_(name), file_(std::move(file)) {}
  Status write_beginning(const Beginning& beginning);

  const SegmentPlace& place_;
  const SegmentName name_;
  std::unique_ptr<io::DiskFile> file_;
  uint64_t end_ = 0;
  uint64_t synced_ = 0;
};

}  // namespace millrace::segment_log
