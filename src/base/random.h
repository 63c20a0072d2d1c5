// A small seeded generator (SplitMix64) for jitter, test ids and the simulation.
// Not for secrets. Belongs to one thread.
#pragma once

#include <cstdint>

namespace millrace {

class Random {
  __extension__ typedef unsigned __int128 Wide;

 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound); returns 0 for a bound of 0. The bias of the multiplication is below
  // 2^-32 for bounds under 2^32.
  uint64_t below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }
  // Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return unit() < probability; }

 private:
  uint64_t state_;
};

}  // namespace millrace
