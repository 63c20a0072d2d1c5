// Lets a long walk over the bytes of a peer yield the event loop to other work.
//
// A walk calls step() as it proceeds; a call costs a subtraction and a branch. When the granted
// units are used up the Pace calls its keeper, which may suspend the walk until a later turn
// (io/long_work.h) and grants new units. A default-constructed Pace has no keeper and never
// suspends: for small messages and for tests.
//
// A unit is about a nanosecond of work: a walked byte costs one unit, a processed item some dozens.
// Code that calls step() must hold no state that other requests may change meanwhile. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace millrace {

class Pace {
 public:
  class Keeper {
   public:
    // Returns the number of units until the next call, at least 1. May suspend the caller.
    virtual int64_t on_units_used() = 0;

   protected:
    ~Keeper() = default;
  };

  Pace() = default;
  explicit Pace(Keeper& keeper) : keeper_(&keeper), left_(0) {}
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;

  void step(size_t units) {
    left_ -= static_cast<int64_t>(units);
    if (__builtin_expect(left_ < 0, 0)) ask();
  }
  // False: step() never suspends the caller, so the caller may work on shared state.
  bool may_suspend() const { return keeper_ != nullptr; }

 private:
  void ask() { left_ = keeper_ == nullptr ? kUnlimited : keeper_->on_units_used(); }
  static constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

  Keeper* keeper_ = nullptr;
  int64_t left_ = kUnlimited;
};

}  // namespace millrace
