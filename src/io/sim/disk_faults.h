// Which call of the simulated disk fails, and how; the failures are counted by name. Not safe from
// several threads at once: the disk's lock guards it.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace millrace::io::sim {

enum class DiskFailure : uint8_t {
  kInputOutput,  // EIO; a write has written a part, a sync has lost a part
  kNoSpace,      // ENOSPC; a write has written a part
  kReadOnly,     // EROFS for all calls that change something; reading works
};

enum class DiskCall : uint8_t {
  kOpenToRead,
  kOpenToWrite,
  kCreate,
  kRead,
  kWrite,
  kSync,
  kAllocate,
  kCut,
  kSize,
  kRename,
  kRemove,
  kList,
  kMakeDirectory,
  kSyncDirectory,
  kLock,
};
std::string_view disk_call_name(DiskCall call);  // "sync_directory"

// kLastCall: the call takes effect in part, then the process ends; kHalted: it has ended.
enum class DiskTurn : uint8_t { kFine, kInputOutput, kNoSpace, kReadOnly, kLastCall, kHalted };

// The error that the kernel would give; `doing`: "writing".
std::unexpected<Error> refused(std::string_view doing, const std::string& path, DiskTurn turn);

class DiskFaults {
 public:
  // `random` must outlive this; it is drawn from only after fail_randomly().
  explicit DiskFaults(Random& random) : random_(random) {}

  // The n-th call from now on (from 1) fails once.
  void fail_call(uint64_t n, DiskFailure failure);
  // Every call that changes something fails until heal().
  void fail_changes(DiskFailure failure);
  // Each call fails with that probability.
  void fail_randomly(double input_output, double no_space);
  // The n-th call from now on is the last.
  void halt_at_call(uint64_t n);
  void heal();
  // A new process begins; other failures go on.
  void unhalt() {
    halted_ = false;
    halt_at_ = 0;
  }

  // Counts a call and says how it goes.
  DiskTurn next_turn(DiskCall call);
  bool is_halted() const { return halted_; }
  bool is_read_only() const { return lasting_ == DiskTurn::kReadOnly; }
  uint64_t call_count() const { return call_count_; }
  uint64_t failure_count() const { return failure_count_; }
  // The number of injected failures by name: "input_output.write" (and no_space, read_only,
  // last_call) for each kind of call; "full": a write beyond the capacity; "short_write": a write
  // that failed after a part; "lost_in_failed_sync". For crashes, in sectors or names that differ:
  // "lost_sector", "torn_file" (some of its sectors were lost, others not), "lost_size",
  // "lost_name", "name_came_back". "removed_directory": by remove_directory().
  const std::map<std::string, uint64_t>& mishaps() const { return mishaps_; }
  void count_mishap(std::string name, uint64_t count = 1);

 private:
  DiskTurn draw_turn(DiskCall call);

  Random& random_;
  uint64_t call_count_ = 0;
  uint64_t failure_count_ = 0;
  // The number of the call that fails, and of the one that is the last; 0: none.
  uint64_t fail_at_ = 0;
  uint64_t halt_at_ = 0;
  bool halted_ = false;
  std::map<std::string, uint64_t> mishaps_;
  DiskTurn failure_ = DiskTurn::kInputOutput;
  DiskTurn lasting_ = DiskTurn::kFine;
  double input_output_ = 0;
  double no_space_ = 0;
};

}  // namespace millrace::io::sim
