// Appends the requests that a store gets to files. On one lane; blocks on the disk.
//
// The store is the queue: a request that leaves it before it was written is counted as lost, and
// the store never waits. Memory: a buffer of kBufferBytes, and one request at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/disk.h"
#include "recent/store.h"
#include "recent_file/format.h"
#include "recent_file/kept_files.h"

namespace millrace::recent_file {

class FileWriter {
 public:
  static constexpr size_t kBufferBytes = 256 * 1024;

  // Requests with a higher number than the newest of the store are written. All outlive it.
  // `file_bytes_max`: of one file.
  FileWriter(KeptFiles& files, const recent::Store& store, FileHead head, uint64_t file_bytes_max);

  // Writes and syncs what the store got since the last call. After an error the next call goes on
  // where this one stopped.
  Status write_new();
  // The collector ends: requests that are not written are lost.
  void give_up();

  // --- Any thread; relaxed ---
  uint64_t written_count() const { return written_count_.load(std::memory_order_relaxed); }
  uint64_t lost_count() const { return lost_count_.load(std::memory_order_relaxed); }
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  Status write(const recent::Record& record);
  Status begin_file();
  Status flush();
  Status sync();
  void leave_file();
  uint64_t end() const { return offset_ + buffer_.size(); }

  KeptFiles& files_;
  const recent::Store& store_;
  const std::string head_;
  const size_t pipeline_count_;
  const uint64_t file_bytes_max_;
  std::unique_ptr<io::DiskFile> file_;  // null: the next request begins one
  uint64_t file_number_ = 0;
  uint64_t offset_ = 0;          // everything before it is written
  std::vector<uint8_t> buffer_;  // stands at offset_
  uint64_t buffered_count_ = 0;
  uint64_t unsynced_count_ = 0;  // written, but not synced
  uint64_t last_number_;         // up to it all requests of the store are written, or lost
  // The lane writes, pages read.
  std::atomic<uint64_t> written_count_{0};
  std::atomic<uint64_t> lost_count_{0};
  std::atomic<uint64_t> bytes_{0};
};

}  // namespace millrace::recent_file
