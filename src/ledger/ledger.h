// The accounts of all items. For each (signal, pipeline, destination):
//
//   admitted + recovered = delivered + filtered + sampled out + rejected by the peer
//                        + dropped (by reason) + held now
//
// in items, and in bytes of the payload as it was admitted (edits, cuts and joins change no
// account). `held` is never computed from the other terms: each holder of payloads reports it
// (HeldWalker), so the equation is a check and not a definition. It is exact when nothing moves.
//
// Threads: Account is safe from any thread, two relaxed atomic adds a call. Ledger::open
// takes a lock; accounts live as long as the ledger and never move.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "base/signal.h"

namespace millrace::ledger {

struct Amount {
  uint64_t items = 0;
  uint64_t bytes = 0;  // of the admitted payload
  Amount& operator+=(const Amount& other) {
    items += other.items;
    bytes += other.bytes;
    return *this;
  }
  Amount& operator-=(const Amount& other) {  // wraps: a difference may be below zero
    items -= other.items;
    bytes -= other.bytes;
    return *this;
  }
  friend Amount operator+(Amount a, const Amount& b) { return a += b; }
  friend Amount operator-(Amount a, const Amount& b) { return a -= b; }
  friend bool operator==(const Amount&, const Amount&) = default;
};

enum class DropReason : uint8_t {
  kQueueFull,      // a best-effort destination without room, or data emitted late by a processor
  kDropOldest,     // dropped to make room for newer data, as configured
  kRetryExpired,   // retry_on_failure.max_elapsed_time passed
  kNotRetried,     // a passing failure with retry_on_failure switched off
  kAgeExpired,     // in the queue for longer than its age limit
  kRefused,        // the destination refused it for good
  kBadData,        // the destination called it bad data when it was alone in its batch
  kTooLarge,       // one item is larger than the destination accepts
  kDrainDeadline,  // still held when the drain ended
  kStorageFailed,  // the disk lost it, and no copy was in memory
  kShutdown,       // still held when the process ended without a drain
  kHandedBack,     // the destination does not answer, and a failover group reroutes it
};
inline constexpr size_t kDropReasonCount = 12;
// "queue_full", "retry_expired", …: the metric's label and the last line's words.
std::string_view drop_reason_name(DropReason reason);

// All counters of one account at about one moment.
struct AccountSnapshot {
  Amount admitted, recovered, delivered, filtered, sampled_out, rejected_by_peer;
  std::array<Amount, kDropReasonCount> dropped;
  Amount dropped_total() const;
  Amount entered() const { return admitted + recovered; }
  // The sum of all items that left, for any reason.
  Amount left() const;
  AccountSnapshot& operator+=(const AccountSnapshot& other);
};

class Account {
 public:
  Account(Signal signal, std::string pipeline, std::string destination);
  Signal signal() const { return signal_; }
  const std::string& pipeline() const { return pipeline_; }        // "traces/2"
  const std::string& destination() const { return destination_; }  // "otlp_grpc/backup"

  AccountSnapshot snapshot() const;

 private:
  // Every move is made through a book (book.h), so that the audit sees all of them.
  friend class Book;
  friend class StockBook;

  void admit(Amount amount) { admitted_.add(amount); }
  void recover(Amount amount) { recovered_.add(amount); }
  void deliver(Amount amount) { delivered_.add(amount); }
  void filter(Amount amount) { filtered_.add(amount); }
  void sample_out(Amount amount) { sampled_out_.add(amount); }
  void reject_by_peer(Amount amount) { rejected_by_peer_.add(amount); }
  void drop(DropReason reason, Amount amount) {
    MILLRACE_CHECK(static_cast<size_t>(reason) < kDropReasonCount);
    dropped_[static_cast<size_t>(reason)].add(amount);
  }

  struct Counter {
    std::atomic<uint64_t> items{0};  // any thread adds, readers sum: orders nothing, so relaxed
    std::atomic<uint64_t> bytes{0};  // the same
    void add(Amount amount) {
      items.fetch_add(amount.items, std::memory_order_relaxed);
      bytes.fetch_add(amount.bytes, std::memory_order_relaxed);
    }
    Amount read() const {
      return {items.load(std::memory_order_relaxed), bytes.load(std::memory_order_relaxed)};
    }
  };
  const Signal signal_;
  const std::string pipeline_;
  const std::string destination_;
  // Receiving workers write these once a request; on other cache lines than the counters below,
  // which senders write once a batch.
  alignas(64) Counter admitted_;
  Counter filtered_;
  Counter sampled_out_;
  alignas(64) Counter delivered_;
  Counter rejected_by_peer_;
  Counter recovered_;
  alignas(64) std::array<Counter, kDropReasonCount> dropped_;
};

// The items that one receiver accepted and refused. Refused items (bad data, full queues, memory)
// enter no pipeline, so they are in no equation. Threads: any.
class Refusals {
 public:
  Refusals(Signal signal, std::string receiver) : signal_(signal), receiver_(std::move(receiver)) {}
  Signal signal() const { return signal_; }
  const std::string& receiver() const { return receiver_; }
  void accept(uint64_t items) { accepted_.fetch_add(items, std::memory_order_relaxed); }
  void refuse(uint64_t items) { refused_.fetch_add(items, std::memory_order_relaxed); }
  uint64_t accepted() const { return accepted_.load(std::memory_order_relaxed); }
  uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  const Signal signal_;
  const std::string receiver_;
  std::atomic<uint64_t> accepted_{0};  // receiving workers add, readers sum
  std::atomic<uint64_t> refused_{0};   // the same
};

// The result of one walk: the amounts of each account in queues, in flight and in processors.
class Held {
 public:
  // Cheap when consecutive calls are for the same account, as they are in a walk.
  void add(const Account& account, Amount amount) {
    if (last_ >= by_account_.size() || by_account_[last_].first != &account) find(account);
    Amount& held = by_account_[last_].second;
    held += amount;
    // An amount below zero wraps: that is a bug of its holder.
    MILLRACE_CHECK(held.items >= amount.items && held.bytes >= amount.bytes);
  }
  Amount of(const Account& account) const;
  Amount total() const;

 private:
  void find(const Account& account);

  std::vector<std::pair<const Account*, Amount>> by_account_;
  size_t last_ = 0;
};

// A holder of payloads. Its class says on which thread count_held() may be called.
class HeldWalker {
 public:
  virtual void count_held(Held& held) const = 0;

 protected:
  ~HeldWalker() = default;
};

struct Imbalance {
  const Account* account = nullptr;
  int64_t items = 0;  // entered - left - held: positive is lost, negative is invented
  int64_t bytes = 0;
  std::string to_text() const;
};

class Ledger {
 public:
  Ledger() = default;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Returns the account of these names, a new one if there is none.
  Account& open(Signal signal, std::string_view pipeline, std::string_view destination);
  Refusals& open_receiver(Signal signal, std::string_view receiver);

  std::vector<const Account*> accounts() const;  // in order of opening
  std::vector<const Refusals*> receivers() const;
  // Returns the accounts that do not balance; empty if all do.
  std::vector<Imbalance> check(const Held& held) const;
  // One line over all accounts, the last that the process prints: "ledger: admitted=… delivered=…
  // filtered=… sampled_out=… rejected_by_peer=… dropped=… (retry_expired=…) held=… refused=…
  // balance=ok". Items.
  std::string to_line(const Held& held) const;

 private:
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<Account>> accounts_ MILLRACE_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Refusals>> receivers_ MILLRACE_GUARDED_BY(mutex_);
};

}  // namespace millrace::ledger
