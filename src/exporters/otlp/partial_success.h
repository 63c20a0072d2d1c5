// Reads Export<Signal>ServiceResponse: how many items the peer rejected although it said OK.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace millrace::exporters {

// More fields than this are not looked at: some 0.2 ms of a loop.
inline constexpr size_t kPartialSuccessFieldsMax = 16 * 1024;

struct PartialSuccess {
  uint64_t rejected_count = 0;       // negative numbers on the wire read as 0
  std::string message = {};          // with a count of 0: a warning; cut as texts of peers are
  bool has_too_many_fields = false;  // and nothing else is known
  bool empty() const { return rejected_count == 0 && message.empty(); }
};

// Protobuf; all four signals have the same field numbers. Empty when it is no valid message.
std::optional<PartialSuccess> parse_partial_success(std::span<const uint8_t> response);

}  // namespace millrace::exporters
