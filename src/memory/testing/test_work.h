// A Work for tests: a budget, a pool and a pace of its own.
#pragma once

#include "memory/work.h"

namespace millrace::testing {

struct TestWork {
  explicit TestWork(size_t limit_bytes = size_t{1} << 30) : budget(limit_bytes) {}

  Budget budget;
  ChunkPool pool{budget, 0};
  Pace pace;
  Work work{pool, pace};
};

}  // namespace millrace::testing
