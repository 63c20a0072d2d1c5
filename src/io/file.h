// Files as exporters need them: written from end to end, cut back, renamed, listed. Calls wait for
// the page cache at most; they are for small, rare files, not for the log of the disk queue.
// io/file.cc is the kernel's, io/sim/sim_file.h one in memory that can be told to fail.
//
// The kernel's are opened as io/safe_open.h says. /dev/stdout and /dev/stderr are this process's
// own outputs, whatever they are: a thread writes to them, and what finds no room is refused.
//
// Threads: a FileSystem is safe from any; a File belongs to one at a time. Error messages name the
// path and the system's own text ("writing /var/x: No space left on device").
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace millrace::io {

class File {
 public:
  virtual ~File() = default;  // closes
  // Appends a prefix of `bytes` at the end; returns how many were taken, which may be fewer than
  // given, and 0 only for an empty `bytes`.
  virtual Result<size_t> write(std::span<const uint8_t> bytes) = 0;
  // Cuts the file to `size`; the next write goes there.
  virtual Status truncate(uint64_t size) = 0;
  // Of an output that is no regular file: what was written by this File.
  virtual Result<uint64_t> size() = 0;
  // False: a device or a pipe, which is neither renamed nor cut back.
  virtual bool is_regular() const = 0;
};

// Both create what is not there. kTruncate empties only a regular file of this user; another one's
// is refused (kFailedPrecondition), and what is not regular is left as it is.
enum class OpenMode : uint8_t { kAppend, kTruncate };

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Up to `bytes` from the beginning of a regular file; empty when there is none that can be read.
  virtual std::string read_head(const std::string& path, size_t bytes) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;
  // Names of the files in `directory`, without it, in no order.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // Makes it and its parents with that mode; success when it is there already.
  virtual Status create_directories(const std::string& directory, uint32_t mode) = 0;
};

// The kernel's.
std::unique_ptr<FileSystem> make_file_system();

}  // namespace millrace::io
