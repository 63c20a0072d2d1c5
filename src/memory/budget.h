// The memory budget (law 5): one ceiling for everything that grows with load. What grows reserves
// first and is refused when there is no room; nothing polls, nothing is collected later.
//
// Threads: safe from any. Cost: one uncontended atomic add for a chunk of 512 KiB, not one per
// request, because chunks are what is reserved.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace millrace {

class Budget {
 public:
  explicit Budget(size_t limit_bytes) : limit_(limit_bytes) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // False, and nothing reserved, when `bytes` would pass the limit.
  [[nodiscard]] bool try_reserve(size_t bytes) {
    const size_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes <= limit_) {
      note_peak(before + bytes);
      return true;
    }
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    refusals_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  // For what drains a full process and must not be refused: counted all the same, so that intake is
  // refused until there is room again. The caller bounds it by other means.
  void reserve_beyond(size_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void release(size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  size_t limit() const { return limit_; }
  size_t used() const { return used_.load(std::memory_order_relaxed); }
  // The highest sum that try_reserve has granted.
  size_t peak() const { return peak_.load(std::memory_order_relaxed); }
  uint64_t refusal_count() const { return refusals_.load(std::memory_order_relaxed); }

 private:
  void note_peak(size_t used) {
    size_t peak = peak_.load(std::memory_order_relaxed);
    while (used > peak && !peak_.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
    }
  }
  const size_t limit_;
  // Written by whoever reserves or releases, read by all: a sum, which orders nothing else.
  std::atomic<size_t> used_{0};
  std::atomic<size_t> peak_{0};
  std::atomic<uint64_t> refusals_{0};
};

// A reservation that ends with its owner.
class Reservation {
 public:
  Reservation() = default;
  static Reservation try_make(Budget& budget, size_t bytes) {
    Reservation made;
    if (budget.try_reserve(bytes)) {
      made.budget_ = &budget;
      made.bytes_ = bytes;
    }
    return made;
  }
  static Reservation make_beyond(Budget& budget, size_t bytes) {
    budget.reserve_beyond(bytes);
    Reservation made;
    made.budget_ = &budget;
    made.bytes_ = bytes;
    return made;
  }
  Reservation(Reservation&& other) noexcept
      : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Reservation& operator=(Reservation&& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Reservation() {
    if (budget_ != nullptr) budget_->release(bytes_);
  }
  // Gives back what is beyond `bytes`.
  void shrink(size_t bytes) {
    if (budget_ == nullptr || bytes >= bytes_) return;
    budget_->release(bytes_ - bytes);
    bytes_ = bytes;
  }
  explicit operator bool() const { return budget_ != nullptr; }
  size_t bytes() const { return bytes_; }

 private:
  Budget* budget_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace millrace
