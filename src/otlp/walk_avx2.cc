// The walk for x86-64 processors since 2013. What admit_walk.h includes is included here first, so
// that only the walk itself is compiled for them.
#include "otlp/walks.h"

#if defined(__x86_64__)

#include <bit>
#include <cstddef>
#include <utility>

#include "otlp/schema.h"
#include "wire/protobuf.h"
#include "wire/text_window.h"
#include "wire/utf8.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2")
#endif

#include "otlp/admit_walk.h"

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace millrace::otlp {

std::optional<uint32_t> walk_avx2(Signal signal, std::span<const uint8_t> message, int depth,
                                  Pace* pace) {
  return walk_with<wire::Avx2Window>(signal, message, depth, pace);
}

}  // namespace millrace::otlp

#endif
