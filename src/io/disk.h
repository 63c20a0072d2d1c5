// Files for the log of the disk queue: read and written at positions, synced, allocated ahead;
// directories that are synced and locked. disk.cc is the kernel's implementation, io/sim/sim_disk.h
// one in memory that loses unsynced data in a crash.
//
// Threads: a Disk is safe from any. A DiskFile may be read by one thread while another writes or
// syncs it; it has one writer. All calls block.
//
// Errors name the path and the system's own text ("writing /var/x: No space left on device"):
// kResourceExhausted: no space or quota; kPermissionDenied: no permission or a read-only file
// system; kNotFound; kAlreadyExists; kUnavailable: all others (EIO).
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
  // Fills `into` from `offset`. Returns the number of bytes read, fewer only at the file's end.
  virtual Result<size_t> read_at(uint64_t offset, std::span<uint8_t> into) = 0;
  // Writes all pieces, one behind the other. After an error any part of them may be written.
  virtual Status write_at(uint64_t offset, std::span<const std::span<const uint8_t>> pieces) = 0;
  // Success: all writes so far, and the size, survive a power failure. After an error the state of
  // all writes since the last success is unknown, and a later success does not confirm them.
  virtual Status sync_data() = 0;
  // Extends the file to `size` bytes and allocates their space; unwritten bytes read as zeros.
  // A file system that does not support allocation only extends the file.
  virtual Status preallocate(uint64_t size) = 0;
  virtual Status truncate(uint64_t size) = 0;
  virtual Result<uint64_t> size() = 0;
  // Checks that the path that the file was opened by still names this file. An open file can be
  // written and synced after its directory was removed or moved, but the next start does not find
  // it. Error: kNotFound when the path names nothing or another file. Two system calls, about 1 us.
  virtual Status check_in_place() = 0;
};

enum class DiskOpen : uint8_t {
  kRead,
  kReadWrite,
  kCreate,  // opens for reading and writing; fails with kAlreadyExists
};

// An exclusive lock, held until the object is destroyed.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
  // The same check for the locked file: after a failure another process may lock the directory.
  virtual Status check_in_place() = 0;
};

class Disk {
 public:
  virtual ~Disk() = default;
  virtual Result<std::unique_ptr<DiskFile>> open(const std::string& path, DiskOpen mode) = 0;
  // Replaces an existing `to`.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;
  // Returns the names in `directory`, without the directory itself, in no particular order.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // Creates the directory and its parents with `mode`. Succeeds when the directory exists.
  virtual Status create_directories(const std::string& directory, uint32_t mode) = 0;
  // Success: files created, renamed and removed in `directory` stay so after a power failure.
  virtual Status sync_directory(const std::string& directory) = 0;
  // Checks that files can be created in `directory` now. Does not check the free space.
  virtual Status check_writable(const std::string& directory) = 0;
  // Locks the file `directory`/lock exclusively, and creates it if needed; it is never removed. On
  // a read-only file system an existing file is locked. Error: kFailedPrecondition when another
  // process (or another lock of this one) has locked it.
  virtual Result<std::unique_ptr<DirectoryLock>> lock_directory(const std::string& directory) = 0;
  // A random number that other processes cannot guess; seeded in the simulation.
  virtual uint64_t unguessable_number() = 0;
};

// The kernel's implementation.
std::unique_ptr<Disk> make_disk();

}  // namespace millrace::io
