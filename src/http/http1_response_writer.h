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

struct Http1Response {
  int status = 200;
  std::string_view content_type;  // empty: none
  std::string_view body;          // its size is announced also when it is not sent (HEAD)
  BodyOption body_option = BodyOption::kSend;
  ConnectionOption connection = ConnectionOption::kKeepAlive;
  int request_minor_version = 1;
  WallTime date;
  const std::vector<ResponseField>* fields = nullptr;  // may be null
};

void append_http1_response(std::string& out, const Http1Response& response);
inline constexpr std::string_view kHttp1Continue = "HTTP/1.1 100 Continue\r\n\r\n";
// "Not Found"; "Unknown" for numbers without a name here.
std::string_view reason_phrase(int status);

}  // namespace millrace::http
