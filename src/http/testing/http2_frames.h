// HTTP/2 frames as raw bytes (RFC 9113, section 4.1), for tests that play one side of a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::http::testing {

enum FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kReset = 3,
  kSettings = 4,
  kPush = 5,
  kPing = 6,
  kGoaway = 7,
  kWindow = 8,
  kContinuation = 9,
  kUnknown = 99
};
inline constexpr uint8_t kEndStream = 1;
inline constexpr uint8_t kAck = 1;
inline constexpr uint8_t kEndHeaders = 4;
inline constexpr uint8_t kPadded = 8;

inline constexpr std::string_view kClientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// 32 bits in network order.
inline std::string number(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload) {
  std::string made = number(static_cast<uint32_t>(payload.size())).substr(1);
  made += static_cast<char>(type);
  made += static_cast<char>(flags);
  return made.append(number(stream)).append(payload);
}

// HPACK: a literal field with a short name. `kind` 0x40 adds it to the table, 0 does not (RFC 7541,
// section 6.2).
inline std::string field(char kind, std::string_view name, std::string_view value) {
  std::string made(1, kind);
  made += static_cast<char>(name.size());
  made += name;
  if (value.size() < 127) {
    made += static_cast<char>(value.size());
  } else {
    made += '\x7f';
    size_t rest = value.size() - 127;
    for (; rest >= 128; rest /= 128) made += static_cast<char>(rest % 128 + 128);
    made += static_cast<char>(rest);
  }
  return made.append(value);
}

struct Frame {
  uint8_t type = 0;
  uint8_t flags = 0;
  uint32_t stream = 0;
  std::string payload;

  // The 32 bits at `offset` of the payload.
  uint32_t number_at(size_t offset) const {
    uint32_t value = 0;
    for (size_t i = 0; i < 4; ++i)
      value = value << 8 | static_cast<uint8_t>(payload.at(offset + i));
    return value;
  }
};

// The frames that lie behind one another in `bytes`; a cut one at the end is left out.
inline std::vector<Frame> frames_of(std::string_view bytes) {
  std::vector<Frame> frames;
  while (bytes.size() >= 9) {
    const auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])); };
    const size_t size = at(0) << 16 | at(1) << 8 | at(2);
    if (bytes.size() - 9 < size) break;
    frames.push_back({static_cast<uint8_t>(at(3)), static_cast<uint8_t>(at(4)),
                      at(5) << 24 | at(6) << 16 | at(7) << 8 | at(8),
                      std::string(bytes.substr(9, size))});
    bytes.remove_prefix(9 + size);
  }
  return frames;
}

inline std::vector<Frame> of_type(const std::vector<Frame>& frames, uint8_t type) {
  std::vector<Frame> chosen;
  for (const Frame& frame : frames) {
    if (frame.type == type) chosen.push_back(frame);
  }
  return chosen;
}

}  // namespace millrace::http::testing
