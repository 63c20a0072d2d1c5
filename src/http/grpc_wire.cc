#include "http/grpc_wire.h"

#include <algorithm>
#include <limits>

namespace millrace::http {

std::optional<GrpcPrefix> parse_grpc_prefix(std::span<const uint8_t, kGrpcPrefixBytes> bytes) {
  if (bytes[0] > 1) return std::nullopt;
  const uint32_t length = static_cast<uint32_t>(bytes[1]) << 24 |
                          static_cast<uint32_t>(bytes[2]) << 16 |
                          static_cast<uint32_t>(bytes[3]) << 8 | bytes[4];
  return GrpcPrefix{static_cast<GrpcCompression>(bytes[0]), length};
}

std::array<uint8_t, kGrpcPrefixBytes> write_grpc_prefix(GrpcPrefix prefix) {
  return {static_cast<uint8_t>(prefix.compression), static_cast<uint8_t>(prefix.length >> 24),
          static_cast<uint8_t>(prefix.length >> 16), static_cast<uint8_t>(prefix.length >> 8),
          static_cast<uint8_t>(prefix.length)};
}

namespace {

struct TimeoutUnit {
  char letter;
  int64_t nanoseconds;
};
constexpr TimeoutUnit kTimeoutUnits[] = {{'n', 1},
                                         {'u', 1'000},
                                         {'m', 1'000'000},
                                         {'S', 1'000'000'000},
                                         {'M', 60'000'000'000},
                                         {'H', 3'600'000'000'000}};
constexpr size_t kTimeoutDigitsMax = 8;
constexpr int64_t kTimeoutValueMax = 99'999'999;

}  // namespace

std::optional<Duration> parse_grpc_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > kTimeoutDigitsMax + 1) return std::nullopt;
  int64_t value = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  for (const TimeoutUnit& unit : kTimeoutUnits) {
    if (unit.letter != text.back()) continue;
    if (value > std::numeric_limits<int64_t>::max() / unit.nanoseconds) return Duration::max();
    return Duration(value * unit.nanoseconds);
  }
  return std::nullopt;
}

std::string write_grpc_timeout(Duration timeout) {
  if (timeout.count() <= 0) return "1n";
  for (const TimeoutUnit& unit : kTimeoutUnits) {
    const int64_t value =
        timeout.count() / unit.nanoseconds + (timeout.count() % unit.nanoseconds != 0 ? 1 : 0);
    if (value <= kTimeoutValueMax) return std::to_string(value) + unit.letter;
  }
  return std::to_string(kTimeoutValueMax) + 'H';
}

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string percent_encode_grpc_message(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto is_encoded = [](char c) {
    return static_cast<uint8_t>(c - ' ') > '~' - ' ' || c == '%';
  };
  std::string encoded;
  encoded.reserve(text.size());
  while (!text.empty()) {
    const auto plain = static_cast<size_t>(std::ranges::find_if(text, is_encoded) - text.begin());
    encoded.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto byte = static_cast<uint8_t>(text.front());
    encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    text.remove_prefix(1);
  }
  return encoded;
}

std::string percent_decode_grpc_message(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded += static_cast<char>(high << 4 | low);
        i += 2;
        continue;
      }
    }
    decoded += text[i];
  }
  return decoded;
}

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string text((bytes.size() * 4 + 2) / 3, '\0');
  char* at = text.data();
  const auto put = [&at](uint32_t bits) { *at++ = kBase64[bits & 63]; };
  for (; bytes.size() >= 3; bytes.remove_prefix(3)) {
    const uint32_t bits = static_cast<uint32_t>(static_cast<uint8_t>(bytes[0])) << 16 |
                          static_cast<uint32_t>(static_cast<uint8_t>(bytes[1])) << 8 |
                          static_cast<uint8_t>(bytes[2]);
    put(bits >> 18);
    put(bits >> 12);
    put(bits >> 6);
    put(bits);
  }
  if (bytes.empty()) return text;
  const uint32_t first = static_cast<uint8_t>(bytes[0]);
  const uint32_t second = bytes.size() == 2 ? static_cast<uint8_t>(bytes[1]) : 0;
  put(first >> 2);
  put(first << 4 | second >> 4);
  if (bytes.size() == 2) put(second << 2);
  return text;
}

std::string encode_padded_base64(std::string_view bytes) {
  std::string text = encode_base64(bytes);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int bit_count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    bit_count += 6;
    if (bit_count >= 8) {
      bit_count -= 8;
      bytes += static_cast<char>(bits >> bit_count & 255);
    }
  }
  return bytes;
}

std::optional<Code> parse_grpc_status(std::string_view text) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  uint32_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<uint32_t>(c - '0');
  }
  return value <= 16 ? static_cast<Code>(value) : Code::kUnknown;
}

std::string_view grpc_status_text(Code code) {
  constexpr std::string_view kTexts[] = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                         "9", "10", "11", "12", "13", "14", "15", "16"};
  return kTexts[std::min<size_t>(static_cast<size_t>(code), 16)];
}

Code code_of_http_status(int http_status) {
  switch (http_status) {
    case 400:
      return Code::kInternal;
    case 401:
      return Code::kUnauthenticated;
    case 403:
      return Code::kPermissionDenied;
    case 404:
      return Code::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return Code::kUnavailable;
    default:
      return Code::kUnknown;
  }
}

Code code_of_http2_error(uint32_t http2_error) {
  switch (http2_error) {
    case 0x7:  // REFUSED_STREAM
      return Code::kUnavailable;
    case 0x8:  // CANCEL
      return Code::kCancelled;
    case 0xb:  // ENHANCE_YOUR_CALM
      return Code::kResourceExhausted;
    case 0xc:  // INADEQUATE_SECURITY
      return Code::kPermissionDenied;
    default:
      return Code::kInternal;
  }
}

}  // namespace millrace::http
