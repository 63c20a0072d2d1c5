// A cache of verified credentials, so that a slow check (bcrypt takes some 60 ms) runs once and not
// for each request. It stores keyed hashes, never credentials. Its size is bounded; the entry that
// was used longest ago is evicted first.
//
// Threads: safe from any; each look-up takes a short lock.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "access/keyed_hash.h"
#include "base/mutex.h"
#include "transport/server/request_gate.h"

namespace millrace::access {

class VerifiedCache {
 public:
  explicit VerifiedCache(size_t size_max) : size_max_(size_max), key_(random_hash_key()) {}

  // The key of the credentials in this cache.
  Digest digest_of(std::string_view credentials) const { return keyed_hash(key_, credentials); }
  // Returns the owner of the credentials, or null when they are not in the cache.
  std::shared_ptr<const transport::Identity> find(const Digest& digest) {
    const MutexLock lock(mutex_);
    const auto found = places_.find(digest);
    if (found == places_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front().second;
  }
  void remember(const Digest& digest, std::shared_ptr<const transport::Identity> identity) {
    const MutexLock lock(mutex_);
    if (places_.contains(digest)) return;
    entries_.emplace_front(digest, std::move(identity));
    places_.emplace(digest, entries_.begin());
    if (entries_.size() > size_max_) {
      places_.erase(entries_.back().first);
      entries_.pop_back();
    }
  }
  void clear() {
    const MutexLock lock(mutex_);
    places_.clear();
    entries_.clear();
  }
  size_t size() const {
    const MutexLock lock(mutex_);
    return entries_.size();
  }

 private:
  using Entry = std::pair<Digest, std::shared_ptr<const transport::Identity>>;
  const size_t size_max_;
  const HashKey key_;
  mutable Mutex mutex_;
  // Most recently used first.
  std::list<Entry> entries_ MILLRACE_GUARDED_BY(mutex_);
  std::unordered_map<Digest, std::list<Entry>::iterator, DigestHash> places_
      MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::access
