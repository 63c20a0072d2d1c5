#include "io/sim/sim_disk.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/mutex.h"
#include "io/sim/running_host.h"

namespace millrace::io::sim {
namespace {

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::unexpected<Error> missing(std::string_view doing, const std::string& path) {
  return fail(Code::kNotFound, std::string(doing) + " " + path + ": No such file or directory");
}

std::unexpected<Error> misplaced(const std::string& path) {
  return fail(Code::kNotFound, path + " was removed, moved or replaced while it was in use");
}

}  // namespace

// Excludes the disk's own memory from the account of the calling host.
class MILLRACE_SCOPED_CAPABILITY SimDisk::InDisk {
 public:
  explicit InDisk(Mutex& mutex) MILLRACE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~InDisk() MILLRACE_RELEASE() { mutex_.unlock(); }

 private:
  Mutex& mutex_;
  const RunningHost none_{kNoHost};
};

class SimDisk::SimDiskFile final : public DiskFile {
 public:
  SimDiskFile(SimDisk& disk, std::shared_ptr<Inode> inode, std::string path)
      MILLRACE_REQUIRES(disk.mutex_)
      : disk_(disk), inode_(std::move(inode)), path_(std::move(path)) {
    generation_ = disk.generation_;
  }

  Result<size_t> read_at(uint64_t offset, std::span<uint8_t> into) override {
    const InDisk lock(disk_.mutex_);
    if (const Turn turn = next(Call::kRead); turn != Turn::kFine) return no("reading", turn);
    if (offset >= inode_->now.size()) return size_t{0};
    const size_t count = std::min<size_t>(into.size(), inode_->now.size() - offset);
    std::memcpy(into.data(), inode_->now.data() + offset, count);
    return count;
  }

  Status write_at(uint64_t offset, std::span<const std::span<const uint8_t>> pieces) override {
    const InDisk lock(disk_.mutex_);
    Turn turn = next(Call::kWrite);
    std::string bytes;
    for (const auto piece : pieces) bytes += as_text(piece);
    const uint64_t end = offset + bytes.size();
    const uint64_t growth = end > inode_->now.size() ? end - inode_->now.size() : 0;
    if (turn == Turn::kFine && !disk_.has_room(growth)) turn = full();
    if (turn == Turn::kReadOnly || turn == Turn::kHalted) return no("writing", turn);
    if (turn != Turn::kFine) bytes.resize(disk_.random_.below(bytes.size() + 1));
    if (growth > 0 && turn == Turn::kNoSpace && offset + bytes.size() > inode_->now.size()) {
      bytes.resize(inode_->now.size() > offset ? inode_->now.size() - offset : 0);
    }
    if (!bytes.empty()) {
      if (inode_->now.size() < offset + bytes.size()) inode_->now.resize(offset + bytes.size());
      std::memcpy(inode_->now.data() + offset, bytes.data(), bytes.size());
      disk_.note_change(*inode_, offset, bytes.size());
    }
    if (turn == Turn::kFine) return {};
    if (!bytes.empty()) disk_.faults_.count_mishap("short_write");
    return no("writing", turn);
  }

  Status sync_data() override {
    const InDisk lock(disk_.mutex_);
    const Turn turn = next(Call::kSync);
    if (turn != Turn::kFine) {
      const bool began = turn != Turn::kReadOnly && turn != Turn::kHalted;
      if (began) disk_.lose_part_of_sync(*inode_);
      return no("syncing", turn);
    }
    disk_.sync_inode(*inode_);
    return {};
  }

  Status preallocate(uint64_t size) override {
    const InDisk lock(disk_.mutex_);
    Turn turn = next(Call::kAllocate);
    const uint64_t before = inode_->now.size();
    if (turn == Turn::kFine && size > before && !disk_.has_room(size - before)) {
      turn = full();
    }
    if (turn != Turn::kFine) return no("allocating", turn);
    if (size > before) resize(size);
    return {};
  }

  Status truncate(uint64_t size) override {
    const InDisk lock(disk_.mutex_);
    const Turn turn = next(Call::kCut);
    if (turn != Turn::kFine) return no("truncating", turn);
    resize(size);
    return {};
  }

  Result<uint64_t> size() override {
    const InDisk lock(disk_.mutex_);
    if (const Turn turn = next(Call::kSize); turn != Turn::kFine) return no("examining", turn);
    return inode_->now.size();
  }

  // Not one of the calls that fail at random: it only reads the names.
  Status check_in_place() override {
    const InDisk lock(disk_.mutex_);
    const auto found = disk_.names_.find(path_);
    if (found != disk_.names_.end() && found->second == inode_ && !stale()) return {};
    return misplaced(path_);
  }

 private:
  bool stale() const MILLRACE_REQUIRES(disk_.mutex_) { return generation_ != disk_.generation_; }
  Turn next(Call call) MILLRACE_REQUIRES(disk_.mutex_) {
    const Turn turn = disk_.faults_.next_turn(call);
    return stale() ? Turn::kHalted : turn;
  }
  Turn full() MILLRACE_REQUIRES(disk_.mutex_) {
    disk_.faults_.count_mishap("full");
    return Turn::kNoSpace;
  }
  std::unexpected<Error> no(std::string_view doing, Turn turn) const {
    return refused(doing, path_, turn);
  }
  void resize(uint64_t size) MILLRACE_REQUIRES(disk_.mutex_) {
    const uint64_t before = inode_->now.size();
    inode_->now.resize(size);
    // Marks the sector at the new end, or all new sectors.
    disk_.note_change(*inode_, std::min(before, size), size > before ? size - before : 1);
  }

  SimDisk& disk_;
  const std::shared_ptr<Inode> inode_;
  const std::string path_;
  uint64_t generation_;
};

class SimDisk::SimLock final : public DirectoryLock {
 public:
  SimLock(SimDisk& disk, std::string directory) : disk_(disk), directory_(std::move(directory)) {}
  ~SimLock() override {
    const InDisk lock(disk_.mutex_);
    if (is_in_place()) disk_.locked_.erase(directory_);
  }
  Status check_in_place() override {
    const InDisk lock(disk_.mutex_);
    if (is_in_place()) return {};
    return misplaced(directory_ + "/lock");
  }

 private:
  bool is_in_place() const MILLRACE_REQUIRES(disk_.mutex_) {
    const auto found = disk_.locked_.find(directory_);
    return found != disk_.locked_.end() && found->second == this;
  }

  SimDisk& disk_;
  const std::string directory_;
};

SimDisk::SimDisk(uint64_t seed) : random_(seed), faults_(random_) {}
SimDisk::~SimDisk() = default;

void SimDisk::fail_call(uint64_t n, Failure failure) {
  const InDisk lock(mutex_);
  faults_.fail_call(n, failure);
}

void SimDisk::fail_changes(Failure failure) {
  const InDisk lock(mutex_);
  faults_.fail_changes(failure);
}

void SimDisk::fail_randomly(double input_output, double no_space) {
  const InDisk lock(mutex_);
  faults_.fail_randomly(input_output, no_space);
}

void SimDisk::halt_at_call(uint64_t n) {
  const InDisk lock(mutex_);
  faults_.halt_at_call(n);
}

void SimDisk::heal() {
  const InDisk lock(mutex_);
  faults_.heal();
}

bool SimDisk::halted() const {
  const InDisk lock(mutex_);
  return faults_.is_halted();
}
uint64_t SimDisk::call_count() const {
  const InDisk lock(mutex_);
  return faults_.call_count();
}
uint64_t SimDisk::failure_count() const {
  const InDisk lock(mutex_);
  return faults_.failure_count();
}
std::map<std::string, uint64_t> SimDisk::mishaps() const {
  const InDisk lock(mutex_);
  return faults_.mishaps();
}
void SimDisk::set_capacity(uint64_t bytes) {
  const InDisk lock(mutex_);
  capacity_ = bytes;
}
uint64_t SimDisk::used_bytes() const {
  const InDisk lock(mutex_);
  return used_locked();
}

uint64_t SimDisk::used_locked() const {
  uint64_t sum = 0;
  for (const auto& [path, inode] : names_) sum += inode->now.size();
  return sum;
}

bool SimDisk::has_room(uint64_t more) const {
  return capacity_ == 0 || more == 0 || used_locked() + more <= capacity_;
}

std::string* SimDisk::content(const std::string& path) {
  const InDisk lock(mutex_);
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : &found->second->now;
}

std::vector<std::string> SimDisk::paths() const {
  const InDisk lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, inode] : names_) paths.push_back(path);
  return paths;
}

void SimDisk::remove_directory(const std::string& directory) {
  const InDisk lock(mutex_);
  const auto is_inside = [&](const auto& entry) { return directory_of(entry.first) == directory; };
  std::erase_if(names_, is_inside);
  std::erase_if(durable_names_, is_inside);
  locked_.erase(directory);
  removed_directories_.insert(directory);
  faults_.count_mishap("removed_directory");
}

void SimDisk::put(const std::string& path, std::string content) {
  const InDisk lock(mutex_);
  auto inode = std::make_shared<Inode>();
  inode->now = inode->durable = std::move(content);
  names_[path] = durable_names_[path] = std::move(inode);
}

Result<std::unique_ptr<DiskFile>> SimDisk::open(const std::string& path, DiskOpen mode) {
  const InDisk lock(mutex_);
  const Turn turn = faults_.next_turn(mode == DiskOpen::kCreate ? Call::kCreate
                                      : mode == DiskOpen::kRead ? Call::kOpenToRead
                                                                : Call::kOpenToWrite);
  const bool creates = mode == DiskOpen::kCreate;
  if (turn != Turn::kFine && !(creates && turn == Turn::kLastCall)) {
    return refused("opening", path, turn);
  }
  const auto found = names_.find(path);
  if (!creates) {
    if (found == names_.end()) return missing("opening", path);
    return std::make_unique<SimDiskFile>(*this, found->second, path);
  }
  if (removed_directories_.contains(directory_of(path))) return missing("opening", path);
  if (found != names_.end()) {
    return fail(Code::kAlreadyExists, "opening " + path + ": File exists");
  }
  const auto inode = std::make_shared<Inode>();
  names_[path] = inode;
  if (turn != Turn::kFine) return refused("opening", path, turn);
  return std::make_unique<SimDiskFile>(*this, inode, path);
}

Status SimDisk::rename(const std::string& from, const std::string& to) {
  const InDisk lock(mutex_);
  const Turn turn = faults_.next_turn(Call::kRename);
  if (turn != Turn::kFine && turn != Turn::kLastCall) return refused("renaming", from, turn);
  const auto found = names_.find(from);
  if (found == names_.end()) return missing("renaming", from);
  names_[to] = found->second;
  names_.erase(from);
  if (turn != Turn::kFine) return refused("renaming", from, turn);
  return {};
}

Status SimDisk::remove(const std::string& path) {
  const InDisk lock(mutex_);
  const Turn turn = faults_.next_turn(Call::kRemove);
  if (turn != Turn::kFine && turn != Turn::kLastCall) return refused("removing", path, turn);
  if (names_.erase(path) == 0) return missing("removing", path);
  if (turn != Turn::kFine) return refused("removing", path, turn);
  return {};
}

Result<std::vector<std::string>> SimDisk::list(const std::string& directory) {
  const InDisk lock(mutex_);
  if (const Turn turn = faults_.next_turn(Call::kList); turn != Turn::kFine) {
    return refused("listing", directory, turn);
  }
  if (removed_directories_.contains(directory)) return missing("listing", directory);
  std::vector<std::string> names;
  for (const auto& [path, inode] : names_) {
    if (directory_of(path) == directory) names.push_back(path.substr(directory.size() + 1));
  }
  return names;
}

Status SimDisk::create_directories(const std::string& directory, uint32_t) {
  const InDisk lock(mutex_);
  if (const Turn turn = faults_.next_turn(Call::kMakeDirectory); turn != Turn::kFine) {
    return refused("creating directory", directory, turn);
  }
  removed_directories_.erase(directory);
  return {};
}

Status SimDisk::sync_directory(const std::string& directory) {
  const InDisk lock(mutex_);
  if (const Turn turn = faults_.next_turn(Call::kSyncDirectory); turn != Turn::kFine) {
    return refused("syncing", directory, turn);
  }
  if (removed_directories_.contains(directory)) return missing("syncing", directory);
  std::erase_if(durable_names_,
                [&](const auto& entry) { return directory_of(entry.first) == directory; });
  for (const auto& [path, inode] : names_) {
    if (directory_of(path) == directory) durable_names_[path] = inode;
  }
  return {};
}

// Not one of the calls that fail at random: it only reads the state.
Status SimDisk::check_writable(const std::string& directory) {
  const InDisk lock(mutex_);
  if (faults_.is_read_only()) return refused("writing in", directory, Turn::kReadOnly);
  return {};
}

Result<std::unique_ptr<DirectoryLock>> SimDisk::lock_directory(const std::string& directory) {
  const InDisk lock(mutex_);
  if (const Turn turn = faults_.next_turn(Call::kLock); turn != Turn::kFine) {
    return refused("locking", directory, turn);
  }
  if (removed_directories_.contains(directory)) return missing("locking", directory);
  if (locked_.contains(directory)) {
    return fail(Code::kFailedPrecondition,
                "directory " + directory + " is in use by another process");
  }
  auto made = std::make_unique<SimLock>(*this, directory);
  locked_[directory] = made.get();
  return made;
}

uint64_t SimDisk::unguessable_number() {
  const InDisk lock(mutex_);
  return random_.next();
}

}  // namespace millrace::io::sim
