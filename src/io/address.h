// Addresses as text: "10.0.0.1:4317", "[::1]:4317". Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace::io {

// A unix socket is written "unix:/run/otlp.sock", as a host and as an address; it has no port.
bool is_unix_host(std::string_view host);
// "/run/otlp.sock" of it.
std::string_view unix_path_of(std::string_view host);

struct HostPort {
  std::string host;  // without brackets
  uint16_t port = 0;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

// Puts a host that contains a colon into brackets; a unix socket stays as it is.
std::string format_address(std::string_view host, uint16_t port);
// Returns nothing unless there is a port of 0 to 65535 behind the last colon and brackets match, or
// it is a unix socket.
std::optional<HostPort> parse_address(std::string_view text);
// True for a numeric IPv4 or IPv6 address (without brackets).
bool is_numeric_host(const std::string& host);
// Identifies a peer by its address: the IPv4 address of "10.1.2.3:51234", the first 64 bits of an
// IPv6 address (one subscriber commonly has all of the rest). The result is not meant for display.
std::string peer_group(std::string_view peer_address);

}  // namespace millrace::io
