// Writes the head of an HTTP/1.1 request (RFC 9112, section 3). Pure functions, any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::http {

struct Http1Field {
  std::string_view name;
  std::string_view value;
};

// Request line, fields in order and the empty line. Precondition: no control characters in any of
// the texts, no space in `method` and `target`; a caller that takes them from outside checks that.
std::string write_http1_request_head(std::string_view method, std::string_view target,
                                     std::span<const Http1Field> fields);

}  // namespace millrace::http
