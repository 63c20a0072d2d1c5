// The bytes of hostile peers: clients that flood, stop in the middle or never end, and back ends
// whose answers never end. hostile_stream.h writes them to a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace millrace::sim_test {

struct Speech {
  const char* name;  // "http2_resets", for the coverage
  // For a back end: the number of bytes to read before it answers.
  size_t listens_bytes = 0;
  // The opening is written once; then `again` with the number of the round, from 0. Null: silence.
  std::string (*opening)() = nullptr;
  std::string (*again)(uint32_t round) = nullptr;
};

// The speeches of senders, and those of back ends.
std::span<const Speech> client_speeches();
std::span<const Speech> http1_back_end_speeches();
std::span<const Speech> http2_back_end_speeches();

}  // namespace millrace::sim_test
