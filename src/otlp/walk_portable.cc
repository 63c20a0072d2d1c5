// The walk without vectors, for other architectures, and the list of all walks. On x86-64 and
// aarch64 only tests link this file.
#include <array>

#include "otlp/admit_walk.h"
#include "otlp/walks.h"
#include "wire/text_window.h"

namespace millrace::otlp {

std::optional<uint32_t> walk_portable(Signal signal, std::span<const uint8_t> message, int depth,
                                      Pace* pace) {
  return walk_with<wire::PortableWindow>(signal, message, depth, pace);
}

std::span<const NamedWalk> usable_walks() {
#if defined(__x86_64__)
  static constexpr auto kWalks = std::to_array<NamedWalk>(
      {{"portable", walk_portable}, {"sse2", walk_sse2}, {"avx2", walk_avx2}});
  return std::span(kWalks).first(&best_walk() == &walk_avx2 ? 3 : 2);
#elif defined(__aarch64__)
  static constexpr auto kWalks =
      std::to_array<NamedWalk>({{"portable", walk_portable}, {"neon", walk_neon}});
  return kWalks;
#else
  static constexpr auto kWalks = std::to_array<NamedWalk>({{"portable", walk_portable}});
  return kWalks;
#endif
}

}  // namespace millrace::otlp
