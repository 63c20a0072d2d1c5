// How a long walk over bytes that a peer sent gives the event loop back in between.
//
// A walk calls step() as it goes; that is a subtraction and a branch. When the granted units are
// used up the Pace asks its keeper, which may suspend the walk until a later turn (io/long_work.h)
// and grants new units. A default-constructed Pace never asks: for small messages and for tests.
//
// A unit is about a nanosecond of work: a byte walked counts as one, an item looked at as some
// dozens. Code that calls step() must hold nothing that other requests may change meanwhile: what
// it works with belongs to this one piece of work, or is immutable. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace millrace {

class Pace {
 public:
  class Keeper {
   public:
    // Returns the units until the next call, at least 1. May suspend the caller.
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
  // False: step() never suspends the caller, which may then work on shared state.
  bool may_suspend() const { return keeper_ != nullptr; }

 private:
  void ask() { left_ = keeper_ == nullptr ? kUnlimited : keeper_->on_units_used(); }
  static constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

  Keeper* keeper_ = nullptr;
  int64_t left_ = kUnlimited;
};

}  // namespace millrace
