// Files as the log of the disk queue needs them: written and read at positions, synced, allocated
// ahead; directories that are synced and locked. disk.cc is the kernel's, io/sim/sim_disk.h one in
// memory that forgets in a crash what was not synced.
//
// Threads: a Disk is safe from any. A DiskFile may be read by one thread while another writes or
// syncs it; it has one writer. All calls block.
//
// Errors name the path and the system's own text ("writing /var/x: No space left on device"):
// kResourceExhausted no space or quota, kPermissionDenied not allowed or a read-only file system,
// kNotFound, kAlreadyExists, kUnavailable all else (EIO).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace millrace::io {

class DiskFile {
 public:
  virtual ~DiskFile() = default;  // closes
  // Fills `into` from `offset`; returns how many bytes there were, fewer only at the file's end.
  virtual Result<size_t> read_at(uint64_t offset, std::span<uint8_t> into) = 0;
  // Writes all pieces, one behind the other. After an error any part of it may be written.
  virtual Status write_at(uint64_t offset, std::span<const std::span<const uint8_t>> pieces) = 0;
  // What was written, and the size, survive a power cut. After an error nothing is known about
  // what was written since the last success, and a later success says nothing about it either.
  virtual Status sync_data() = 0;
  // The file becomes that long, reads as zeros where nothing was written, and has its space.
  // Where the file system can't allocate ahead, it only becomes that long.
  virtual Status preallocate(uint64_t size) = 0;
  virtual Status truncate(uint64_t size) = 0;
  virtual Result<uint64_t> size() = 0;
  // Whether the path that the file was opened by still names this file. An open file can be written
  // and synced after its directory was removed or moved, and the next start does not find it.
  // Error: kNotFound when the path names nothing or another file. Two system calls, about 1 us.
  virtual Status check_in_place() = 0;
};

enum class DiskOpen : uint8_t {
  kRead,
  kReadWrite,
  kCreate,  // for reading and writing; fails with kAlreadyExists
};

// Held as long as it lives.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
  // The same for the file that is locked: after a failure another process may lock the directory.
  virtual Status check_in_place() = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Result<std::unique_ptr<DiskFile>> open(const std::string& path, DiskOpen mode) = 0;
  // Replaces `to`.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;
  // Names of what is in `directory`, without it, in no order.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // Makes it and its parents with that mode; success when it is there already.
  virtual Status create_directories(const std::string& directory, uint32_t mode) = 0;
  // Files created, renamed and removed in `directory` stay so after a power cut.
  virtual Status sync_directory(const std::string& directory) = 0;
  // Whether files can be made in `directory` now; how much room there is it does not say.
  virtual Status check_writable(const std::string& directory) = 0;
  // An exclusive lock on the file `directory`/lock, which is made and stays; on a read-only file
  // system, on what is there. Error: kFailedPrecondition when another process (or another lock of
  // this one) has it.
  virtual Result<std::unique_ptr<DirectoryLock>> lock_directory(const std::string& directory) = 0;
  // A number that other processes cannot guess; seeded in the simulation.
  virtual uint64_t unguessable_number() = 0;
};

// The kernel's.
std::unique_ptr<Disk> make_disk();

}  // namespace millrace::io
