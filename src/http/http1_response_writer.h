// Writes HTTP/1.1 responses (RFC 9112). Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "http/header_list.h"

namespace millrace::http {

enum class ConnectionOption : uint8_t { kKeepAlive, kClose };
enum class BodyOption : uint8_t { kSend, kHeadersOnly };
// kChunked: the length is unknown, and the caller appends chunks (append_http1_chunk) and, last, an
// empty one. To a peer of HTTP/1.0 the body ends with the connection instead: the caller then
// appends plain bytes and closes.
enum class BodyLength : uint8_t { kKnown, kChunked };

struct Http1Response {
  int status = 200;
  std::string_view content_type;  // empty: none
  std::string_view body;          // its size is announced also when it is not sent (HEAD)
  BodyOption body_option = BodyOption::kSend;
  BodyLength body_length = BodyLength::kKnown;  // kChunked: `body` is not looked at
  ConnectionOption connection = ConnectionOption::kKeepAlive;
  int request_minor_version = 1;
  WallTime date;
  const std::vector<ResponseField>* fields = nullptr;  // may be null
};

void append_http1_response(std::string& out, const Http1Response& response);
// The chunk with those bytes; without bytes the one that ends the body.
void append_http1_chunk(std::string& out, std::string_view bytes);
inline constexpr std::string_view kHttp1Continue = "HTTP/1.1 100 Continue\r\n\r\n";
// "Not Found"; "Unknown" for numbers without a name here.
std::string_view reason_phrase(int status);

}  // namespace millrace::http
