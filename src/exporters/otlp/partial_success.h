// Reads Export<Signal>ServiceResponse: how many items the peer rejected although it said OK.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace millrace::exporters {

struct PartialSuccess {
  uint64_t rejected_count = 0;  // negative numbers on the wire read as 0
  std::string message;          // with a count of 0: a warning
  bool empty() const { return rejected_count == 0 && message.empty(); }
};

// Protobuf; all four signals have the same field numbers. Empty when it is no valid message.
std::optional<PartialSuccess> parse_partial_success(std::span<const uint8_t> response);

}  // namespace millrace::exporters
