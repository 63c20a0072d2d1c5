// A peer's text about a failure goes into logs, pages, dead letters and answers to senders: a
// part of it that is UTF-8. Pure function.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace millrace::transport {

inline constexpr size_t kPeerTextBytesMax = 1024;

// At most kPeerTextBytesMax bytes, cut between characters. Bytes that are not UTF-8 become '?'.
std::string to_peer_text(std::string_view text);

}  // namespace millrace::transport
