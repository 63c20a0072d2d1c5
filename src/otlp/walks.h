// The fast walk of admission, compiled for several instruction sets. All give the same results.
//
// A walk returns the number of items, or nothing when the message is not valid. `depth` is the
// number of levels below the request, at least 10; `pace` may be null. 64 bytes behind the message
// (kChunkPadding) are readable. Thread safe: no state.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/pace.h"
#include "base/signal.h"

namespace millrace::otlp {

using Walk = std::optional<uint32_t>(Signal signal, std::span<const uint8_t> message, int depth,
                                     Pace* pace);

Walk walk_portable;
#if defined(__x86_64__)
Walk walk_sse2;
Walk walk_avx2;  // requires AVX2, BMI1 and BMI2
#elif defined(__aarch64__)
Walk walk_neon;
#endif

// The fastest walk that this processor has. Cost: a load and a branch.
Walk& best_walk();

// All walks that this processor has, for tests.
struct NamedWalk {
  const char* name;
  Walk* walk;
};
std::span<const NamedWalk> usable_walks();

}  // namespace millrace::otlp
