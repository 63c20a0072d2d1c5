// Writes small protobuf messages into strings, for what the console makes itself. Each function
// returns one whole field. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "wire/protobuf.h"

namespace millrace::extensions::console::proto {

inline std::string varint(uint64_t value) {
  std::array<uint8_t, wire::kVarintBytesMax> bytes{};
  const uint8_t* const end = wire::write_varint(bytes.data(), value);
  return {reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(end - bytes.data())};
}

inline std::string field(uint32_t number, std::string_view content) {
  return varint(wire::make_tag(number, wire::WireType::kLen)) + varint(content.size()) +
         std::string(content);
}

inline std::string number_field(uint32_t number, uint64_t value) {
  return varint(wire::make_tag(number, wire::WireType::kVarint)) + varint(value);
}

inline std::string fixed_field(uint32_t number, uint64_t value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return varint(wire::make_tag(number, wire::WireType::kI64)) + bytes;
}

}  // namespace millrace::extensions::console::proto
