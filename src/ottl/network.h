// Addresses of IP and networks as text. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millrace::ottl {

// 4 or 16 bytes; an IPv4 address in IPv6 form is an IPv4 address. Nothing: no address.
std::optional<std::string> parse_ip(std::string_view text);

struct Network {
  std::string address;
  size_t bits = 0;

  bool contains(const std::string& ip) const;
};
// "10.0.0.0/8"
std::optional<Network> parse_network(std::string_view text);

}  // namespace millrace::ottl
