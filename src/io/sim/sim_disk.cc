#include "io/sim/sim_disk.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace millrace::io::sim {
namespace {

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::unexpected<Error> missing(std::string_view doing, const std::string& path) {
  return fail(Code::kNotFound, std::string(doing) + " " + path + ": No such file or directory");
}

template <class Turn>
std::unexpected<Error> refused(std::string_view doing, const std::string& path, Turn turn) {
  const std::string what = std::string(doing) + " " + path + ": ";
  if (turn == Turn::kNoSpace) {
    return fail(Code::kResourceExhausted, what + "No space left on device");
  }
  if (turn == Turn::kReadOnly) return fail(Code::kPermissionDenied, what + "Read-only file system");
  return fail(Code::kUnavailable, what + "Input/output error");
}

}  // namespace

class SimDisk::SimDiskFile final : public DiskFile {
 public:
  SimDiskFile(SimDisk& disk, std::shared_ptr<Inode> inode, std::string path)
      : disk_(disk), inode_(std::move(inode)), path_(std::move(path)) {
    generation_ = disk_.generation_;
  }

  Result<size_t> read_at(uint64_t offset, std::span<uint8_t> into) override {
    const std::lock_guard lock(disk_.mutex_);
    if (const Turn turn = next(Effect::kReads); turn != Turn::kFine) return no("reading", turn);
    if (offset >= inode_->now.size()) return size_t{0};
    const size_t count = std::min<size_t>(into.size(), inode_->now.size() - offset);
    std::copy_n(inode_->now.begin() + static_cast<ptrdiff_t>(offset), count, into.begin());
    return count;
  }

  Status write_at(uint64_t offset, std::span<const std::span<const uint8_t>> pieces) override {
    const std::lock_guard lock(disk_.mutex_);
    Turn turn = next(Effect::kChanges);
    std::string bytes;
    for (const auto piece : pieces) bytes += as_text(piece);
    const uint64_t end = offset + bytes.size();
    const uint64_t growth = end > inode_->now.size() ? end - inode_->now.size() : 0;
    if (turn == Turn::kFine && !disk_.has_room(growth)) turn = Turn::kNoSpace;
    if (turn == Turn::kReadOnly || turn == Turn::kHalted) return no("writing", turn);
    if (turn != Turn::kFine) bytes.resize(disk_.random_.below(bytes.size() + 1));
    if (growth > 0 && turn == Turn::kNoSpace && offset + bytes.size() > inode_->now.size()) {
      bytes.resize(inode_->now.size() > offset ? inode_->now.size() - offset : 0);
    }
    if (!bytes.empty()) {
      if (inode_->now.size() < offset + bytes.size()) inode_->now.resize(offset + bytes.size());
      std::copy(bytes.begin(), bytes.end(), inode_->now.begin() + static_cast<ptrdiff_t>(offset));
      disk_.note_change(*inode_, offset, bytes.size());
    }
    if (turn != Turn::kFine) return no("writing", turn);
    return {};
  }

  Status sync_data() override {
    const std::lock_guard lock(disk_.mutex_);
    const Turn turn = next(Effect::kChanges);
    if (turn != Turn::kFine) {
      const bool began = turn != Turn::kReadOnly && turn != Turn::kHalted;
      if (began) disk_.lose_part_of_sync(*inode_);
      return no("syncing", turn);
    }
    disk_.sync_inode(*inode_);
    return {};
  }

  Status preallocate(uint64_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    Turn turn = next(Effect::kChanges);
    const uint64_t before = inode_->now.size();
    if (turn == Turn::kFine && size > before && !disk_.has_room(size - before)) {
      turn = Turn::kNoSpace;
    }
    if (turn != Turn::kFine) return no("allocating", turn);
    if (size > before) resize(size);
    return {};
  }

  Status truncate(uint64_t size) override {
    const std::lock_guard lock(disk_.mutex_);
    const Turn turn = next(Effect::kChanges);
    if (turn != Turn::kFine) return no("cutting back", turn);
    resize(size);
    return {};
  }

  Result<uint64_t> size() override {
    const std::lock_guard lock(disk_.mutex_);
    if (const Turn turn = next(Effect::kReads); turn != Turn::kFine) return no("looking at", turn);
    return inode_->now.size();
  }

 private:
  bool stale() const { return generation_ != disk_.generation_; }
  Turn next(Effect effect) {
    const Turn turn = disk_.next_turn(effect);
    return stale() ? Turn::kHalted : turn;
  }
  std::unexpected<Error> no(std::string_view doing, Turn turn) const {
    return refused(doing, path_, turn);
  }
  void resize(uint64_t size) {
    const uint64_t before = inode_->now.size();
    inode_->now.resize(size);
    inode_->size_is_dirty = true;
    // The sector at the new end, or all that are new.
    disk_.note_change(*inode_, std::min(before, size), size > before ? size - before : 1);
  }

  SimDisk& disk_;
  const std::shared_ptr<Inode> inode_;
  const std::string path_;
  uint64_t generation_;
};

class SimDisk::SimLock final : public DirectoryLock {
 public:
  SimLock(SimDisk& disk, std::string directory)
      : disk_(disk), directory_(std::move(directory)), generation_(disk.generation_) {}
  ~SimLock() override {
    const std::lock_guard lock(disk_.mutex_);
    if (generation_ == disk_.generation_) disk_.locked_.erase(directory_);
  }

 private:
  SimDisk& disk_;
  const std::string directory_;
  const uint64_t generation_;
};

SimDisk::SimDisk(uint64_t seed) : random_(seed) {}
SimDisk::~SimDisk() = default;

void SimDisk::fail_call(uint64_t n, Failure failure) {
  const std::lock_guard lock(mutex_);
  fail_at_ = call_count_ + n;
  failure_ = failure == Failure::kInputOutput ? Turn::kInputOutput
             : failure == Failure::kNoSpace   ? Turn::kNoSpace
                                              : Turn::kReadOnly;
}

void SimDisk::fail_changes(Failure failure) {
  fail_call(0, failure);
  const std::lock_guard lock(mutex_);
  lasting_ = failure_;
}

void SimDisk::fail_randomly(double input_output, double no_space) {
  const std::lock_guard lock(mutex_);
  input_output_ = input_output;
  no_space_ = no_space;
}

void SimDisk::halt_at_call(uint64_t n) {
  const std::lock_guard lock(mutex_);
  halt_at_ = call_count_ + n;
}

void SimDisk::heal() {
  const std::lock_guard lock(mutex_);
  fail_at_ = halt_at_ = 0;
  halted_ = false;
  lasting_ = Turn::kFine;
  input_output_ = no_space_ = 0;
}

bool SimDisk::halted() const {
  const std::lock_guard lock(mutex_);
  return halted_;
}
uint64_t SimDisk::call_count() const {
  const std::lock_guard lock(mutex_);
  return call_count_;
}
uint64_t SimDisk::failure_count() const {
  const std::lock_guard lock(mutex_);
  return failure_count_;
}
void SimDisk::set_capacity(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = bytes;
}
uint64_t SimDisk::used_bytes() const {
  const std::lock_guard lock(mutex_);
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

SimDisk::Turn SimDisk::next_turn(Effect effect) {
  ++call_count_;
  Turn turn = Turn::kFine;
  if (halted_) return Turn::kHalted;
  if (halt_at_ != 0 && call_count_ >= halt_at_) {
    halted_ = true;
    return Turn::kLastCall;
  }
  if (fail_at_ != 0 && call_count_ == fail_at_) turn = failure_;
  if (effect == Effect::kChanges && lasting_ != Turn::kFine) turn = lasting_;
  if (turn == Turn::kFine && input_output_ > 0 && random_.chance(input_output_)) {
    turn = Turn::kInputOutput;
  }
  if (turn == Turn::kFine && no_space_ > 0 && effect == Effect::kChanges &&
      random_.chance(no_space_)) {
    turn = Turn::kNoSpace;
  }
  // Reading needs no space and no permission to write.
  if (effect == Effect::kReads && turn != Turn::kFine) turn = Turn::kInputOutput;
  if (turn != Turn::kFine) ++failure_count_;
  return turn;
}

void SimDisk::note_change(Inode& inode, uint64_t offset, uint64_t size) {
  for (uint64_t s = offset / kSectorBytes; s * kSectorBytes < offset + size; ++s) {
    inode.dirty.insert(s);
    inode.gone.erase(s);
  }
}

void SimDisk::sync_inode(Inode& inode) {
  inode.durable.resize(inode.now.size());
  inode.size_is_dirty = false;
  for (const uint64_t sector : inode.dirty) {
    const uint64_t from = sector * kSectorBytes;
    if (from >= inode.now.size()) continue;
    inode.durable.replace(from, kSectorBytes, inode.now, from, kSectorBytes);
  }
  inode.dirty.clear();
}

void SimDisk::lose_part_of_sync(Inode& inode) {
  std::set<uint64_t> lost;
  for (const uint64_t sector : inode.dirty) {
    if (random_.chance(0.5)) lost.insert(sector);
  }
  const std::string before = inode.durable;
  sync_inode(inode);
  for (const uint64_t sector : lost) {
    const uint64_t from = sector * kSectorBytes;
    if (from >= inode.durable.size()) continue;
    const size_t size = std::min(kSectorBytes, inode.durable.size() - from);
    std::string old = from < before.size() ? before.substr(from, size) : std::string();
    old.resize(size);
    inode.durable.replace(from, size, old);
    inode.gone.insert(sector);
    // The kernel may also forget at once what it could not write.
    if (random_.chance(0.2)) inode.now.replace(from, size, old);
  }
}

void SimDisk::restore(Inode& inode, Random& random) {
  std::string found = inode.durable;
  const bool grown = inode.now.size() > inode.durable.size();
  if (inode.now.size() != inode.durable.size() && random.chance(0.5)) {
    uint64_t size = inode.now.size();
    // A file that grew may have any size between.
    if (grown && random.chance(0.5)) {
      size = inode.durable.size() + random.below(size - inode.durable.size() + 1);
    }
    found.resize(size);
  }
  for (const uint64_t sector : inode.dirty) {
    const uint64_t from = sector * kSectorBytes;
    if (from >= found.size() || from >= inode.now.size() || random.chance(0.5)) continue;
    const size_t size = std::min({kSectorBytes, found.size() - from, inode.now.size() - from});
    found.replace(from, size, inode.now, from, size);
  }
  inode.now = inode.durable = std::move(found);
  inode.dirty.clear();
  inode.gone.clear();
  inode.size_is_dirty = false;
}

void SimDisk::crash(Random& random) {
  const std::lock_guard lock(mutex_);
  std::set<std::string> all;
  for (const auto& [path, inode] : names_) all.insert(path);
  for (const auto& [path, inode] : durable_names_) all.insert(path);
  Names found;
  std::set<std::shared_ptr<Inode>> inodes;
  for (const std::string& path : all) {
    const auto now = names_.find(path);
    const auto durable = durable_names_.find(path);
    const auto now_inode = now == names_.end() ? nullptr : now->second;
    const auto durable_inode = durable == durable_names_.end() ? nullptr : durable->second;
    const auto& chosen = random.chance(0.5) ? now_inode : durable_inode;
    if (chosen == nullptr) continue;
    found[path] = chosen;
    // One by one in the order of the paths, so that a seed gives the same disk each time.
    if (inodes.insert(chosen).second) restore(*chosen, random);
  }
  names_ = durable_names_ = std::move(found);
  ++generation_;
  locked_.clear();
  fail_at_ = halt_at_ = 0;
  halted_ = false;
  lasting_ = Turn::kFine;
  input_output_ = no_space_ = 0;
}

void SimDisk::restart() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  locked_.clear();
  halted_ = false;
  halt_at_ = 0;
}

std::string* SimDisk::content(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  return found == names_.end() ? nullptr : &found->second->now;
}

std::vector<std::string> SimDisk::paths() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, inode] : names_) paths.push_back(path);
  return paths;
}

void SimDisk::put(const std::string& path, std::string content) {
  const std::lock_guard lock(mutex_);
  auto inode = std::make_shared<Inode>();
  inode->now = inode->durable = std::move(content);
  names_[path] = durable_names_[path] = std::move(inode);
}

Result<std::unique_ptr<DiskFile>> SimDisk::open(const std::string& path, DiskOpen mode) {
  const std::lock_guard lock(mutex_);
  const Turn turn = next_turn(mode == DiskOpen::kRead ? Effect::kReads : Effect::kChanges);
  const bool creates = mode == DiskOpen::kCreate;
  if (turn != Turn::kFine && !(creates && turn == Turn::kLastCall)) {
    return refused("opening", path, turn);
  }
  const auto found = names_.find(path);
  if (!creates) {
    if (found == names_.end()) return missing("opening", path);
    return std::make_unique<SimDiskFile>(*this, found->second, path);
  }
  if (found != names_.end()) {
    return fail(Code::kAlreadyExists, "opening " + path + ": File exists");
  }
  const auto inode = std::make_shared<Inode>();
  names_[path] = inode;
  if (turn != Turn::kFine) return refused("opening", path, turn);
  return std::make_unique<SimDiskFile>(*this, inode, path);
}

Status SimDisk::rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  const Turn turn = next_turn(Effect::kChanges);
  if (turn != Turn::kFine && turn != Turn::kLastCall) return refused("renaming", from, turn);
  const auto found = names_.find(from);
  if (found == names_.end()) return missing("renaming", from);
  names_[to] = found->second;
  names_.erase(from);
  if (turn != Turn::kFine) return refused("renaming", from, turn);
  return {};
}

Status SimDisk::remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const Turn turn = next_turn(Effect::kChanges);
  if (turn != Turn::kFine && turn != Turn::kLastCall) return refused("removing", path, turn);
  if (names_.erase(path) == 0) return missing("removing", path);
  if (turn != Turn::kFine) return refused("removing", path, turn);
  return {};
}

Result<std::vector<std::string>> SimDisk::list(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  if (const Turn turn = next_turn(Effect::kReads); turn != Turn::kFine) {
    return refused("listing", directory, turn);
  }
  std::vector<std::string> names;
  for (const auto& [path, inode] : names_) {
    if (directory_of(path) == directory) names.push_back(path.substr(directory.size() + 1));
  }
  return names;
}

Status SimDisk::create_directories(const std::string& directory, uint32_t) {
  const std::lock_guard lock(mutex_);
  if (const Turn turn = next_turn(Effect::kChanges); turn != Turn::kFine) {
    return refused("making directory", directory, turn);
  }
  return {};
}

Status SimDisk::sync_directory(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  if (const Turn turn = next_turn(Effect::kChanges); turn != Turn::kFine) {
    return refused("syncing", directory, turn);
  }
  std::erase_if(durable_names_,
                [&](const auto& entry) { return directory_of(entry.first) == directory; });
  for (const auto& [path, inode] : names_) {
    if (directory_of(path) == directory) durable_names_[path] = inode;
  }
  return {};
}

Status SimDisk::check_writable(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  if (const Turn turn = next_turn(Effect::kChanges); turn != Turn::kFine) {
    return refused("writing in", directory, turn);
  }
  return {};
}

Result<std::unique_ptr<DirectoryLock>> SimDisk::lock_directory(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  if (const Turn turn = next_turn(Effect::kReads); turn != Turn::kFine) {
    return refused("locking", directory, turn);
  }
  if (!locked_.insert(directory).second) {
    return fail(Code::kFailedPrecondition,
                "directory " + directory + " is in use by another process");
  }
  return std::make_unique<SimLock>(*this, directory);
}

uint64_t SimDisk::unguessable_number() {
  const std::lock_guard lock(mutex_);
  return random_.next();
}

}  // namespace millrace::io::sim
