// Boost.Beast's parser ends the process (an assertion) when the last chunk of an otherwise empty
// chunked body comes in pieces: it looks at "0\r\n", and is then not to be given four bytes or
// fewer. Both parsers keep those bytes back until the shortest end, "0\r\n\r\n", can be there.
// Nothing is lost by that: whatever is to come, at least one more byte is.
#pragma once

#include <cstddef>
#include <string_view>

namespace millrace::http {

// `rest`: what the parser has not used, behind the head of a chunked message.
constexpr bool is_cut_last_chunk(std::string_view rest) {
  if (rest.size() >= 5) return false;
  const size_t zeros = rest.find_first_not_of('0');
  return zeros != 0 && zeros != std::string_view::npos && rest.substr(zeros).starts_with("\r\n");
}

}  // namespace millrace::http
