#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "receivers/zipkin/span.h"

namespace millrace::receivers::zipkin {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

struct Pen {
  AddressText& into;
  void put(char c) { into.characters[into.size++] = c; }
  void put_decimal(uint8_t value) {
    if (value >= 100) put(static_cast<char>('0' + value / 100));
    if (value >= 10) put(static_cast<char>('0' + value / 10 % 10));
    put(static_cast<char>('0' + value % 10));
  }
  void put_hex(uint16_t value) {
    bool begun = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
      const auto digit = static_cast<size_t>(value >> shift & 15);
      begun = begun || digit != 0 || shift == 0;
      if (begun) put(kHexDigits[digit]);
    }
  }
  void put_ipv4(const uint8_t* bytes) {
    for (size_t i = 0; i < 4; ++i) {
      if (i != 0) put('.');
      put_decimal(bytes[i]);
    }
  }
};

}  // namespace

// As RFC 5952 has it: lower case, the first longest run of two zeros or more is "::". An IPv4
// address inside of an IPv6 one is shown as IPv4.
AddressText address_of_bytes(const uint8_t* bytes, size_t size) {
  AddressText address;
  Pen pen{address};
  constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (size == 4) {
    pen.put_ipv4(bytes);
    return address;
  }
  if (std::memcmp(bytes, kMapped, sizeof kMapped) == 0) {
    pen.put_ipv4(bytes + 12);
    return address;
  }
  uint16_t groups[8];
  for (size_t i = 0; i < 8; ++i)
    groups[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  size_t run_begin = 8;
  size_t run_size = 1;
  for (size_t i = 0; i < 8; ++i) {
    size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > run_size) {
      run_begin = i;
      run_size = end - i;
    }
    i = std::max(i, end);
  }
  for (size_t i = 0; i < 8; ++i) {
    if (i == run_begin) {
      pen.put(':');
      pen.put(':');
      i += run_size - 1;
      continue;
    }
    if (i != 0 && i != run_begin + run_size) pen.put(':');
    pen.put_hex(groups[i]);
  }
  return address;
}

bool parse_address(std::string_view text, AddressText* into) {
  char terminated[64];
  if (text.size() >= sizeof terminated || text.contains('\0')) return false;
  std::copy(text.begin(), text.end(), terminated);
  terminated[text.size()] = '\0';
  uint8_t bytes[16];
  if (inet_pton(AF_INET, terminated, bytes) == 1) {
    *into = address_of_bytes(bytes, 4);
  } else if (inet_pton(AF_INET6, terminated, bytes) == 1) {
    *into = address_of_bytes(bytes, 16);
  } else {
    return false;
  }
  return true;
}

}  // namespace millrace::receivers::zipkin
