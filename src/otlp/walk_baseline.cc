// The walk with the vectors that every processor of the architecture has.
#include "otlp/admit_walk.h"
#include "otlp/walks.h"
#include "wire/text_window.h"

namespace millrace::otlp {

#if defined(__x86_64__)
std::optional<uint32_t> walk_sse2(Signal signal, std::span<const uint8_t> message, int depth,
                                  Pace* pace) {
  return walk_with<wire::Sse2Window>(signal, message, depth, pace);
}
#elif defined(__aarch64__)
std::optional<uint32_t> walk_neon(Signal signal, std::span<const uint8_t> message, int depth,
                                  Pace* pace) {
  return walk_with<wire::NeonWindow>(signal, message, depth, pace);
}
#endif

Walk& best_walk() {
#if defined(__x86_64__)
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                        __builtin_cpu_supports("bmi2");
  return has_avx2 ? walk_avx2 : walk_sse2;
#elif defined(__aarch64__)
  return walk_neon;
#else
  return walk_portable;
#endif
}

}  // namespace millrace::otlp
