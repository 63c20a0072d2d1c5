// A Work whose pace could suspend it, and counts how often it is asked instead.
#pragma once

#include <cstdint>

#include "memory/work.h"

namespace millrace::testing {

class PacedWork final : private Pace::Keeper {
 public:
  // Asked each time that so many units are used up.
  explicit PacedWork(ChunkPool& pool, int64_t units_at_once = 1)
      : work{pool, pace_}, units_at_once_(units_at_once) {}

  Work work;
  uint64_t asked_count() const { return asked_count_; }

 private:
  int64_t on_units_used() override {
    ++asked_count_;
    return units_at_once_;
  }
  Pace pace_{*this};
  const int64_t units_at_once_;
  uint64_t asked_count_ = 0;
};

}  // namespace millrace::testing
