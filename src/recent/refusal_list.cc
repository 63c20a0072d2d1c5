#include "recent/refusal_list.h"

#include "wire/utf8.h"

namespace millrace::recent {
namespace {

// "10.0.0.1:4317" without its port, which differs for each connection.
std::string_view host_of(std::string_view peer) { return peer.substr(0, peer.rfind(':')); }

}  // namespace

RefusalEntry make_refusal(const reception::RequestWatcher::Refused& refused, WallTime now) {
  const std::string_view signal = refused.signal ? signal_name(*refused.signal) : "unknown";
  return {.at = now,
          .receiver = std::string(refused.receiver),
          .transport = std::string(refused.transport),
          .signal = std::string(signal),
          .reason = std::string(refused.reason),
          .detail = wire::to_utf8(refused.detail, kRefusalTextBytesMax),
          .peer = std::string(refused.peer)};
}

bool try_join(RefusalEntry& last, const RefusalEntry& next) {
  if (last.receiver != next.receiver || last.reason != next.reason || last.detail != next.detail ||
      last.signal != next.signal || host_of(last.peer) != host_of(next.peer)) {
    return false;
  }
  last.count += next.count;
  last.at = next.at;
  last.peer = next.peer;
  return true;
}

void RefusalList::add(RefusalEntry entry) {
  const MutexLock lock(mutex_);
  total_ += entry.count;
  if (!entries_.empty() && try_join(entries_.back(), entry)) return;
  if (entries_.size() == kCountMax) entries_.pop_front();
  entry.id = ++last_id_;
  entries_.push_back(std::move(entry));
}

std::vector<RefusalEntry> RefusalList::newest(size_t count_max) const {
  std::vector<RefusalEntry> found;
  const MutexLock lock(mutex_);
  for (auto at = entries_.rbegin(); at != entries_.rend() && found.size() < count_max; ++at) {
    found.push_back(*at);
  }
  return found;
}

std::vector<RefusalEntry> RefusalList::newer_than(uint64_t id) const {
  std::vector<RefusalEntry> found;
  const MutexLock lock(mutex_);
  for (const RefusalEntry& entry : entries_) {
    if (entry.id > id) found.push_back(entry);
  }
  return found;
}

uint64_t RefusalList::total() const {
  const MutexLock lock(mutex_);
  return total_;
}

}  // namespace millrace::recent
