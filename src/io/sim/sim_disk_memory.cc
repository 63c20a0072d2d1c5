// SimDisk: synced and unsynced data, and the part of it that survives a power failure.
#include <algorithm>
#include <utility>

#include "io/sim/sim_disk.h"

namespace millrace::io::sim {

void SimDisk::note_change(Inode& inode, uint64_t offset, uint64_t size) {
  inode.dirty.add(offset / kSectorBytes, (offset + size + kSectorBytes - 1) / kSectorBytes);
}

void SimDisk::sync_inode(Inode& inode) {
  inode.durable.resize(inode.now.size());
  inode.dirty.for_each([&](uint64_t sector) {
    const uint64_t from = sector * kSectorBytes;
    if (from >= inode.now.size()) return;
    const size_t size = std::min(kSectorBytes, inode.now.size() - from);
    std::copy_n(inode.now.data() + from, size, inode.durable.data() + from);
  });
  inode.dirty.clear();
}

void SimDisk::lose_part_of_sync(Inode& inode) {
  std::vector<uint64_t> lost;
  inode.dirty.for_each([&lost, random = &random_](uint64_t sector) {
    if (random->chance(0.5)) lost.push_back(sector);
  });
  const std::string before = inode.durable;
  sync_inode(inode);
  for (const uint64_t sector : lost) {
    const uint64_t from = sector * kSectorBytes;
    if (from >= inode.durable.size()) continue;
    const size_t size = std::min(kSectorBytes, inode.durable.size() - from);
    std::string old = from < before.size() ? before.substr(from, size) : std::string();
    old.resize(size);
    if (inode.durable.compare(from, size, old) != 0) faults_.count_mishap("lost_in_failed_sync");
    inode.durable.replace(from, size, old);
    // The kernel may also discard at once the data that it failed to write.
    if (random_.chance(0.2)) inode.now.replace(from, size, old);
  }
}

void SimDisk::restore(Inode& inode, Random& random) {
  std::string found = inode.durable;
  const bool grown = inode.now.size() > inode.durable.size();
  if (inode.now.size() != inode.durable.size() && random.chance(0.5)) {
    uint64_t size = inode.now.size();
    // A file that grew may have any size between the old and the new one.
    if (grown && random.chance(0.5)) {
      size = inode.durable.size() + random.below(size - inode.durable.size() + 1);
    }
    found.resize(size);
  }
  if (found.size() != inode.now.size()) faults_.count_mishap("lost_size");
  uint64_t lost = 0;
  uint64_t kept = 0;
  inode.dirty.for_each([&](uint64_t sector) {
    const uint64_t from = sector * kSectorBytes;
    if (from >= found.size() || from >= inode.now.size()) return;
    const size_t size = std::min({kSectorBytes, found.size() - from, inode.now.size() - from});
    const bool differs = found.compare(from, size, inode.now, from, size) != 0;
    const bool is_lost = random.chance(0.5);
    if (differs) ++(is_lost ? lost : kept);
    if (!is_lost) found.replace(from, size, inode.now, from, size);
  });
  if (lost != 0) faults_.count_mishap("lost_sector", lost);
  if (lost != 0 && kept != 0) faults_.count_mishap("torn_file");
  inode.now = inode.durable = std::move(found);
  inode.dirty.clear();
}

void SimDisk::crash(Random& random) {
  const MutexLock lock(mutex_);
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
    if (chosen != now_inode)
      faults_.count_mishap(chosen == nullptr ? "lost_name" : "name_came_back");
    if (chosen == nullptr) continue;
    found[path] = chosen;
    // In the order of the paths, so that a seed gives the same disk each time.
    if (inodes.insert(chosen).second) restore(*chosen, random);
  }
  names_ = durable_names_ = std::move(found);
  ++generation_;
  locked_.clear();
  faults_.heal();
}

void SimDisk::restart() {
  const MutexLock lock(mutex_);
  ++generation_;
  locked_.clear();
  faults_.unhalt();
}

}  // namespace millrace::io::sim
