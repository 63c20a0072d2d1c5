// Generates a request and OTTL from bytes, and compares the processors with the naive evaluator.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace millrace::twin {

// Empty: both did the same. Otherwise the configuration and the two results.
std::string compare_once(std::span<const uint8_t> choices);

}  // namespace millrace::twin
