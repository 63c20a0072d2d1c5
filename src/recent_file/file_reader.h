// One file of recent telemetry, read from front to end. Blocks on the disk; one thread. All
// parts outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "io/disk.h"
#include "memory/budget.h"
#include "recent_file/format.h"

namespace millrace::recent_file {

class FileReader {
 public:
  // `bytes`: the size of the file. `body_bytes_max`: larger requests are passed over.
  FileReader(io::DiskFile& file, uint64_t bytes, Budget& budget, size_t body_bytes_max)
      : file_(file), bytes_(bytes), budget_(budget), body_bytes_max_(body_bytes_max) {}

  enum class Head : uint8_t {
    kRead,
    kOtherVersion,
    kForeign,  // it begins otherwise
    kEmpty,    // shorter than a head: a process ended while it began the file
  };
  // Call it first. Errors: those of the disk.
  Result<Head> read_head();
  const FileHead& head() const { return head_; }  // after kRead
  uint16_t version() const { return version_; }

  struct Request {
    RequestHead head;
    uint32_t item_count = 0;  // counted in the body
    Bytes bytes;              // has passed admission
    Reservation memory;       // of `bytes`, under MemoryTerm::kRecent
  };
  // The next one that can be kept; nothing: the end of the file, or of its whole requests.
  Result<std::optional<Request>> next();

  // The bytes at the end that are no whole request; after next() has returned nothing.
  uint64_t torn_bytes() const { return bytes_ - offset_; }
  // Requests that were passed over: too large, no memory, or not valid.
  uint64_t passed_over_count() const { return passed_over_count_; }

 private:
  enum class Next : uint8_t { kKept, kPassedOver, kEnd };
  Result<Next> read_one(Request& into);

  io::DiskFile& file_;
  const uint64_t bytes_;
  Budget& budget_;
  const size_t body_bytes_max_;
  FileHead head_;
  uint16_t version_ = 0;
  uint64_t offset_ = 0;  // behind the last whole request
  uint64_t passed_over_count_ = 0;
};

}  // namespace millrace::recent_file
