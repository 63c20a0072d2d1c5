#include "transport/json_text.h"

#include <cstdint>

namespace millrace::transport {

void append_json_string(std::string& json, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<uint8_t>(c) < 0x20) {
      json += "\\u00";
      json += kHex[static_cast<uint8_t>(c) >> 4];
      json += kHex[static_cast<uint8_t>(c) & 15];
    } else {
      json += c;
    }
  }
  json += '"';
}

}  // namespace millrace::transport
