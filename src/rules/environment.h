// What rules know of the world. One worker's.
#pragma once

#include <cstdint>
#include <functional>

#include "base/random.h"
#include "base/time.h"
#include "ottl/evaluation.h"

namespace millrace::rules {

struct Environment {
  const std::function<WallTime()>* wall_clock = nullptr;  // null: 1970
  Random* random = nullptr;                               // null: UUID() fails

  int64_t now_unix_nano() const {
    if (wall_clock == nullptr) return 0;
    return std::chrono::duration_cast<std::chrono::nanoseconds>((*wall_clock)().time_since_epoch())
        .count();
  }
};

}  // namespace millrace::rules
