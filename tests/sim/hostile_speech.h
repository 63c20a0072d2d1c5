// What hostile peers say: clients that flood, stop in the middle or never end, and back ends whose
// answers never end. Bytes only; hostile_stream.h says them over a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace millrace::sim_test {

struct Speech {
  const char* name;  // "http2_resets", for the coverage
  // Of a back end: so many bytes are read before anything is said, and then an answer fits.
  size_t listens_bytes = 0;
  // Said once, and then: said again and again, with the number of the round from 0. Null: silence.
  std::string (*opening)() = nullptr;
  std::string (*again)(uint32_t round) = nullptr;
};

// To the collector's receivers, and by its back ends.
std::span<const Speech> client_speeches();
std::span<const Speech> http1_back_end_speeches();
std::span<const Speech> http2_back_end_speeches();

}  // namespace millrace::sim_test
