#include "transport/client/peer_text.h"

#include <algorithm>

#include "wire/utf8.h"

namespace millrace::transport {

std::string to_peer_text(std::string_view text) {
  const auto is_inside = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  if (text.size() > kPeerTextBytesMax) {
    size_t end = kPeerTextBytesMax;
    for (int i = 0; i < 3 && is_inside(text[end]); ++i) --end;
    text = text.substr(0, end);
  }
  std::string made(text);
  if (!wire::is_utf8(made)) {
    std::ranges::replace_if(
        made, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  return made;
}

}  // namespace millrace::transport
