// A disk in memory with the worst permitted behaviour of a real one. In a crash unsynced data is
// lost sector by sector (512 bytes) in any combination. Names that were created, renamed or removed
// may be lost or come back unless their directory was synced. After a failed sync a part of the
// dirty data is lost although reading still returns it and a second sync succeeds.
//
// All calls are counted; any of them can be made to fail, or to be the last. Injected failures are
// counted by name (mishaps). Threads: safe from any, as the kernel's disk is; replayable only when
// one thread uses it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "io/disk.h"
#include "io/sim/disk_faults.h"
#include "io/sim/sector_set.h"

namespace millrace::io::sim {

inline constexpr size_t kSectorBytes = 512;

class SimDisk final : public Disk {
 public:
  using Failure = DiskFailure;

  explicit SimDisk(uint64_t seed);
  ~SimDisk() override;

  // The n-th call from now on (from 1) fails once.
  void fail_call(uint64_t n, Failure failure);
  // Every call that changes something fails until heal().
  void fail_changes(Failure failure);
  // Each call fails with that probability.
  void fail_randomly(double input_output, double no_space);
  // The n-th call from now on is the last: it takes effect in part, and it and all later calls
  // fail, until crash().
  void halt_at_call(uint64_t n);
  void heal();
  bool halted() const;
  uint64_t call_count() const;
  uint64_t failure_count() const;
  // By name (disk_faults.h).
  std::map<std::string, uint64_t> mishaps() const;
  // The limit for all files together, allocated space included; 0: no limit.
  void set_capacity(uint64_t bytes);
  uint64_t used_bytes() const;

  // The power fails: calls on open files fail, and the remaining data is what a restart finds.
  // Injected failures end, the capacity stays, locks are released.
  void crash(Random& random);
  // The process ends without a power failure: all written data stays, locks are released.
  void restart();

  // An operator removes the directory with its contents while files in it are open: calls on those
  // still succeed. Until create_directories() nothing can be opened there.
  void remove_directory(const std::string& directory);

  // The current content of a file, for tests that inspect or damage it. Null: there is no file.
  std::string* content(const std::string& path);
  std::vector<std::string> paths() const;
  void put(const std::string& path, std::string content);  // durable at once

  Result<std::unique_ptr<DiskFile>> open(const std::string& path, DiskOpen mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Status create_directories(const std::string& directory, uint32_t mode) override;
  Status sync_directory(const std::string& directory) override;
  Status check_writable(const std::string& directory) override;
  Result<std::unique_ptr<DirectoryLock>> lock_directory(const std::string& directory) override;
  uint64_t unguessable_number() override;

 private:
  struct Inode {
    std::string now;      // the content that reads return
    std::string durable;  // the content on the disk
    // Sectors that a sync will write. Sectors lost in a failed sync count as clean.
    SectorSet dirty;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  using Call = DiskCall;
  using Turn = DiskTurn;
  class SimDiskFile;
  class SimLock;
  class InDisk;

  void note_change(Inode& inode, uint64_t offset, uint64_t size) MILLRACE_REQUIRES(mutex_);
  void sync_inode(Inode& inode) MILLRACE_REQUIRES(mutex_);
  void lose_part_of_sync(Inode& inode) MILLRACE_REQUIRES(mutex_);
  void restore(Inode& inode, Random& random) MILLRACE_REQUIRES(mutex_);
  uint64_t used_locked() const MILLRACE_REQUIRES(mutex_);
  bool has_room(uint64_t more) const MILLRACE_REQUIRES(mutex_);

  mutable Mutex mutex_;
  Random random_ MILLRACE_GUARDED_BY(mutex_);
  DiskFaults faults_ MILLRACE_GUARDED_BY(mutex_);
  Names names_ MILLRACE_GUARDED_BY(mutex_);
  Names durable_names_ MILLRACE_GUARDED_BY(mutex_);
  std::map<std::string, const SimLock*> locked_ MILLRACE_GUARDED_BY(mutex_);
  std::set<std::string> removed_directories_ MILLRACE_GUARDED_BY(mutex_);
  // The generation of open files; a crash begins a new one.
  uint64_t generation_ MILLRACE_GUARDED_BY(mutex_) = 0;
  uint64_t capacity_ MILLRACE_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::io::sim
