// The senders: one line for each service, SDK, receiver, protocol and compression, with counts.
//
// Bounded: beyond kSendersMax the sender that was seen longest ago is forgotten, and counted. Texts
// are cut at kTextBytesMax. SenderTable may be used from any thread; SenderCounts belongs to one.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/signal.h"
#include "base/time.h"
#include "reception/request_watcher.h"

namespace millrace::recent {

struct SignalCounts {
  uint64_t requests = 0;
  uint64_t items = 0;
  uint64_t bytes = 0;  // decoded
};
using CountsBySignal = std::array<SignalCounts, kSignalCount>;

struct Sender {
  std::string service;  // service.name of the request's first resource; empty: none
  std::string sdk_name;
  std::string sdk_language;
  std::string sdk_version;
  std::string receiver;
  std::string protocol;
  std::string encoding;  // empty: not compressed
  std::string peer;      // of the last request
  WallTime first_seen;
  WallTime last_seen;
  CountsBySignal counts{};
};

// What one worker saw since it handed over; no lock. About a thousand instructions a request.
class SenderCounts {
 public:
  void add(const reception::RequestWatcher::Admitted& request, WallTime now);
  bool empty() const { return senders_.empty() && overflow_count_ == 0; }
  // The senders seen, by a key that tells senders apart; nothing afterwards.
  std::map<std::string, Sender, std::less<>> take_senders() { return std::exchange(senders_, {}); }
  // Requests of further senders, which were not counted.
  uint64_t take_overflow() { return std::exchange(overflow_count_, 0); }

 private:
  static constexpr size_t kSendersMax = 256;
  std::string key_;  // kept for its memory
  std::map<std::string, Sender, std::less<>> senders_;
  uint64_t overflow_count_ = 0;
};

class SenderTable {
 public:
  static constexpr size_t kSendersMax = 1000;
  static constexpr size_t kTextBytesMax = 200;

  // Adds the counts, and clears them.
  void merge(SenderCounts& counts);
  // The one seen last first.
  std::vector<Sender> senders() const;
  // Those from which something came since the last call, with the counts since then. One caller.
  std::vector<Sender> take_fresh();
  // Senders that were forgotten.
  uint64_t forgotten_count() const;

 private:
  struct Entry {
    Sender total;
    CountsBySignal fresh{};
    bool is_fresh = false;
  };
  void forget_one() MILLRACE_REQUIRES(mutex_);
  mutable Mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_ MILLRACE_GUARDED_BY(mutex_);
  uint64_t forgotten_count_ MILLRACE_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace::recent
