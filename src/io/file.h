// Files for exporters: appended, truncated, renamed, listed. Calls wait for the page cache at most;
// they are for small files that are written rarely, not for the log of the disk queue.
// io/file.cc is the kernel's implementation, io/sim/sim_file.h one in memory for tests.
//
// The kernel's files are opened as io/safe_open.h defines. /dev/stdout and /dev/stderr are this
// process's outputs, whatever they are: a thread writes to them, and excess text is refused.
//
// Threads: a FileSystem is safe from any thread; a File belongs to one thread at a time. Error
// messages name the path and the system's own text ("writing /var/x: No space left on device").
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
  // Appends a prefix of `bytes`. Returns the number of bytes written, which may be less than given,
  // and 0 only for an empty `bytes`.
  virtual Result<size_t> write(std::span<const uint8_t> bytes) = 0;
  // Truncates the file to `size`; the next write appends there.
  virtual Status truncate(uint64_t size) = 0;
  // For an output that is not a regular file: the number of bytes that this File has written.
  virtual Result<uint64_t> size() = 0;
  // False for a device or a pipe, which can be neither renamed nor truncated.
  virtual bool is_regular() const = 0;
};

// Both create a missing file. kTruncate empties only a regular file of this user; another user's
// file is refused (kFailedPrecondition), and a file that is not regular is left unchanged.
enum class OpenMode : uint8_t { kAppend, kTruncate };

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Up to `bytes` from the beginning of a regular file; empty when there is no readable file.
  virtual std::string read_head(const std::string& path, size_t bytes) = 0;
  // The same from its end.
  virtual std::string read_tail(const std::string& path, size_t bytes) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;
  // The names of the files in `directory`, without the directory itself, in no particular order.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // Creates the directory and its parents with `mode`. Succeeds when the directory exists.
  virtual Status create_directories(const std::string& directory, uint32_t mode) = 0;
};

// The kernel's implementation.
std::unique_ptr<FileSystem> make_file_system();

}  // namespace millrace::io
