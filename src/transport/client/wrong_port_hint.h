// Words for a peer that speaks another protocol than the client: a wrong port, or TLS where there
// is none. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace millrace::transport {

enum class SpokenProtocol : uint8_t { kHttp1, kHttp2 };

// A hint from the first bytes of the peer; empty: nothing unusual.
std::string_view hint_of_first_bytes(std::span<const uint8_t> bytes, SpokenProtocol spoken);
// The peer has closed a connection without TLS on which it never sent a byte.
std::string_view hint_of_silent_close(SpokenProtocol spoken);

}  // namespace millrace::transport
