// Values that scenarios draw.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>

#include "base/random.h"
#include "base/time.h"

namespace millrace::sim_test {

inline Duration between(Random& random, Duration low, Duration high) {
  return low + Duration(random.below(static_cast<uint64_t>((high - low).count()) + 1));
}

template <size_t n>
const char* one_of(Random& random, const std::array<const char*, n>& words) {
  return words[random.below(n)];
}

inline std::string milliseconds(Duration duration) {
  return fmt::format("{}ms", duration.count() / 1'000'000);
}

}  // namespace millrace::sim_test
