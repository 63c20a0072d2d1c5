#include "ottl/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "ottl/text_reader.h"

namespace millrace::ottl {

std::optional<std::string> parse_ip(std::string_view text) {
  const std::string zero_ended(text);
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, zero_ended.c_str(), bytes.data()) == 1) {
    return std::string(bytes.data(), 4);
  }
  if (inet_pton(AF_INET6, zero_ended.c_str(), bytes.data()) != 1) return std::nullopt;
  const std::string address(bytes.data(), bytes.size());
  const std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  return address.starts_with(mapped) ? address.substr(12) : address;
}

bool Network::contains(const std::string& ip) const {
  if (ip.size() != address.size()) return false;
  for (size_t i = 0; i * 8 < bits; i++) {
    const size_t kept = std::min<size_t>(bits - i * 8, 8);
    const auto different = static_cast<uint8_t>(ip[i] ^ address[i]);
    if (different >> (8 - kept) != 0) return false;
  }
  return true;
}

std::optional<Network> parse_network(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto address = parse_ip(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  const auto bits = digits.size() > 3 ? std::nullopt : parse_int(digits, 10);
  if (!address || !bits || *bits < 0 || *bits > static_cast<int64_t>(address->size() * 8)) {
    return std::nullopt;
  }
  return Network{std::move(*address), static_cast<size_t>(*bits)};
}

}  // namespace millrace::ottl
