// The memory budget (law 5): one limit for all memory that grows with load. Memory is reserved
// before it is used, and a reservation fails when there is no room; nothing polls, nothing is freed
// later.
//
// Threads: safe from any. Cost: two uncontended atomic adds for a chunk of 512 KiB, not for each
// request, because chunks are reserved.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace millrace {

// The uses of memory. The budget's sum is the sum of these terms. The names are those of the
// metric.
enum class MemoryTerm : uint8_t {
  kMessages,     // chunks of requests that are not settled, as received or as edited
  kIdleChunks,   // chunks kept for the next messages
  kConnections,  // buffers, streams, header tables and TLS of senders' connections
  // The same for connections that have not yet sent a whole request, TLS handshakes included.
  kNewConnections,
  kSendAhead,   // bytes read ahead: pipelined requests of HTTP/1.1, and the rest behind a slice
  kAnswers,     // long answers that are being sent
  kResponses,   // responses of back ends that are being read
  kJson,        // parsing JSON
  kWork,        // stacks of long work, and lists of what is being edited
  kEncoded,     // batches as compressed, or as JSON, while they are being sent
  kReadBack,    // records that were read from the disk to be sent
  kQueues,      // places in the destinations' queues, all of them, from the start
  kKeyedState,  // state that is kept by key, and items on their way to the worker that owns their
                // key
  kRecent,      // requests that the console keeps; the first to go when memory is short
};
inline constexpr size_t kMemoryTermCount = static_cast<size_t>(MemoryTerm::kRecent) + 1;
std::string_view memory_term_name(MemoryTerm term);

// The most that try_reserve_to_drain() lets all users together pass the limit of the budget.
inline constexpr size_t kBeyondLimitBytes = size_t{16} << 20;

class Budget {
 public:
  // `connections_share`: only connections can use this part of the limit. Without it messages could
  // use all memory, and a new sender could not even get the answer to try again later.
  explicit Budget(size_t limit_bytes, size_t connections_share = 0)
      : limit_(limit_bytes), connections_share_(connections_share) {
    MILLRACE_CHECK(connections_share <= limit_bytes);
  }
  // Checks that the terms add up to the sum.
  ~Budget();
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // False, and nothing reserved, when `bytes` would pass the limit.
  [[nodiscard]] bool try_reserve(MemoryTerm term, size_t bytes) {
    // The size is compared before it is added: a sum that wraps would let others pass the limit.
    if (bytes <= limit_) {
      const size_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
      const size_t room = limit_ - bytes;
      if (before <= room && kept_from(term) <= room - before) {
        note_peak(before + bytes);
        of(term).fetch_add(bytes, std::memory_order_relaxed);
        return true;
      }
      used_.fetch_sub(bytes, std::memory_order_relaxed);
    }
    refusals_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  // For memory that is needed to drain a full process and must not be refused. It counts all the
  // same, so that intake is refused until there is room again. The caller bounds it by other means.
  void reserve_beyond(MemoryTerm term, size_t bytes) {
    const size_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    MILLRACE_CHECK(bytes <= SIZE_MAX - before);
    of(term).fetch_add(bytes, std::memory_order_relaxed);
  }
  // As try_reserve(), but may pass the limit by kBeyondLimitBytes: for output without which a full
  // process could not be drained.
  [[nodiscard]] bool try_reserve_to_drain(MemoryTerm term, size_t bytes) {
    if (try_reserve(term, bytes)) return true;
    if (bytes > kBeyondLimitBytes) return false;
    const size_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (before > limit_ + (kBeyondLimitBytes - bytes)) {
      used_.fetch_sub(bytes, std::memory_order_relaxed);
      return false;
    }
    of(term).fetch_add(bytes, std::memory_order_relaxed);
    return true;
  }
  // Precondition: the term has that much reserved.
  void release(MemoryTerm term, size_t bytes) {
    take_from(term, bytes);
    used_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  // Moves a reservation to another term. Precondition: `from` has that much reserved.
  void move(MemoryTerm from, MemoryTerm to, size_t bytes) {
    take_from(from, bytes);
    of(to).fetch_add(bytes, std::memory_order_relaxed);
  }

  size_t limit() const { return limit_; }
  size_t connections_share() const { return connections_share_; }
  // The most that a single message can ever reserve.
  size_t limit_of_messages() const { return limit_ - connections_share_; }
  size_t used() const { return used_.load(std::memory_order_relaxed); }
  // For display: the terms add up to used() only when no thread reserves or releases.
  size_t used(MemoryTerm term) const {
    return terms_[static_cast<size_t>(term)].load(std::memory_order_relaxed);
  }
  // The highest sum that try_reserve has granted.
  size_t peak() const { return peak_.load(std::memory_order_relaxed); }
  uint64_t refusal_count() const { return refusals_.load(std::memory_order_relaxed); }

 private:
  // Returns the part of the limit that this term must leave to connections.
  size_t kept_from(MemoryTerm term) const {
    if (term == MemoryTerm::kConnections || term == MemoryTerm::kNewConnections) return 0;
    const size_t connections = used(MemoryTerm::kConnections) + used(MemoryTerm::kNewConnections);
    return connections < connections_share_ ? connections_share_ - connections : 0;
  }
  // A release happens after its reservation, so the term holds the bytes although the order is
  // relaxed.
  void take_from(MemoryTerm term, size_t bytes) {
    const size_t term_before = of(term).fetch_sub(bytes, std::memory_order_relaxed);
    MILLRACE_CHECK(term_before >= bytes);
  }
  std::atomic<size_t>& of(MemoryTerm term) { return terms_[static_cast<size_t>(term)]; }
  void note_peak(size_t used) {
    size_t peak = peak_.load(std::memory_order_relaxed);
    while (used > peak && !peak_.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
    }
  }
  const size_t limit_;
  const size_t connections_share_;
  // Written by threads that reserve or release, read by all: a sum, which orders nothing else.
  std::atomic<size_t> used_{0};
  // The same sum by term.
  std::array<std::atomic<size_t>, kMemoryTermCount> terms_{};
  std::atomic<size_t> peak_{0};
  std::atomic<uint64_t> refusals_{0};
};

// A reservation that ends with its owner.
class Reservation {
 public:
  Reservation() = default;
  static Reservation try_make(Budget& budget, MemoryTerm term, size_t bytes) {
    return budget.try_reserve(term, bytes) ? Reservation(budget, term, bytes) : Reservation();
  }
  static Reservation try_make_to_drain(Budget& budget, MemoryTerm term, size_t bytes) {
    return budget.try_reserve_to_drain(term, bytes) ? Reservation(budget, term, bytes)
                                                    : Reservation();
  }
  static Reservation make_beyond(Budget& budget, MemoryTerm term, size_t bytes) {
    budget.reserve_beyond(term, bytes);
    return {budget, term, bytes};
  }
  Reservation(Reservation&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)),
        term_(other.term_),
        bytes_(std::exchange(other.bytes_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(term_, other.term_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Reservation() {
    if (budget_ != nullptr) budget_->release(term_, bytes_);
  }
  // Releases the part beyond `bytes`.
  void shrink(size_t bytes) {
    if (budget_ == nullptr || bytes >= bytes_) return;
    budget_->release(term_, bytes_ - bytes);
    bytes_ = bytes;
  }
  // Moves it to another term.
  void become(MemoryTerm term) {
    if (budget_ != nullptr) budget_->move(term_, term, bytes_);
    term_ = term;
  }
  explicit operator bool() const { return budget_ != nullptr; }
  size_t bytes() const { return bytes_; }

 private:
  // Takes over what was reserved.
  Reservation(Budget& budget, MemoryTerm term, size_t bytes)
      : budget_(&budget), term_(term), bytes_(bytes) {}

  Budget* budget_ = nullptr;
  MemoryTerm term_ = MemoryTerm::kMessages;
  size_t bytes_ = 0;
};

}  // namespace millrace
