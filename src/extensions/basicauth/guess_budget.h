// The limit for the cost of wrong guesses, in rounds of bcrypt (password_hash.h): of all senders
// together, and of each address (io::peer_group), so that one address that guesses leaves room for
// the others.
//
// Threads: safe from any; each call takes a short lock.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "access/keyed_hash.h"
#include "base/mutex.h"
#include "base/time.h"
#include "io/address.h"

namespace millrace::extensions {

// About two seconds of hashing at once, then an eighth of one processor. A check costs its rounds
// until it ends; the cost of a right password is returned.
inline constexpr double kGuessCostBurst = 32'768;
inline constexpr double kGuessCostPerSecond = 2'048;
// The same for each address.
inline constexpr double kAddressCostBurst = 16'384;
inline constexpr double kAddressCostPerSecond = 512;

class GuessBudget {
 public:
  // The number of an address, for the calls below. Addresses may share a number.
  size_t slot_of(std::string_view peer) const {
    return access::keyed_hash(key_, io::peer_group(peer))[0] % kSlots;
  }
  // False: the budget is used up, or that of the address.
  bool try_use(size_t slot, double cost, MonotonicTime now) {
    const MutexLock lock(mutex_);
    Level& address = addresses_[slot];
    all_.refill(now, kGuessCostBurst, kGuessCostPerSecond);
    address.refill(now, kAddressCostBurst, kAddressCostPerSecond);
    if (all_.left < cost || address.left < cost) return false;
    all_.left -= cost;
    address.left -= cost;
    return true;
  }
  // Returns the cost of a check whose password was right.
  void refund(size_t slot, double cost) {
    const MutexLock lock(mutex_);
    all_.left = std::min(kGuessCostBurst, all_.left + cost);
    addresses_[slot].left = std::min(kAddressCostBurst, addresses_[slot].left + cost);
  }

 private:
  static constexpr size_t kSlots = 256;
  struct Level {
    void refill(MonotonicTime now, double burst, double per_second) {
      if (now <= last) return;
      const double seconds = std::chrono::duration<double>(now - last).count();
      left = std::min(burst, left + seconds * per_second);
      last = now;
    }
    double left;
    MonotonicTime last{};
  };
  static constexpr std::array<Level, kSlots> full_addresses() {
    std::array<Level, kSlots> full{};
    full.fill({.left = kAddressCostBurst});
    return full;
  }

  const access::HashKey key_ = access::random_hash_key();
  Mutex mutex_;
  Level all_ MILLRACE_GUARDED_BY(mutex_){.left = kGuessCostBurst};
  std::array<Level, kSlots> addresses_ MILLRACE_GUARDED_BY(mutex_) = full_addresses();
};

}  // namespace millrace::extensions
