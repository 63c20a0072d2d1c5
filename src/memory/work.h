// The environment of a piece of work on one message: the pool for its output, so that each byte is
// reserved before it is written, and its pace. Passed by reference through the walks; belongs to
// one message at a time.
#pragma once

#include <string>
#include <string_view>

#include "base/pace.h"
#include "base/result.h"
#include "memory/chunk_pool.h"

namespace millrace {

struct Work {
  ChunkPool& pool;
  Pace& pace;
};

// The error when `what` ("editing") got no memory: UNAVAILABLE (try again) when other work has the
// memory now, RESOURCE_EXHAUSTED (final) when `need_bytes` is more than all that messages can have.
inline Error no_memory(std::string_view what, size_t need_bytes, const Budget& budget) {
  if (need_bytes <= budget.limit_of_messages()) {
    return {Code::kUnavailable, "memory budget exhausted while " + std::string(what)};
  }
  return {Code::kResourceExhausted, std::string(what) + " takes at least " +
                                        std::to_string(need_bytes) +
                                        " bytes of memory, the whole budget is " +
                                        std::to_string(budget.limit_of_messages())};
}

}  // namespace millrace
