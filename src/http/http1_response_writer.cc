#include "http/http1_response_writer.h"

#include <charconv>

#include "http/http_date.h"

namespace millrace::http {

std::string_view reason_phrase(int status) {
  struct Named {
    int status;
    std::string_view phrase;
  };
  static constexpr Named kNames[] = {
      {200, "OK"},
      {202, "Accepted"},
      {204, "No Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
  };
  for (const Named& named : kNames) {
    if (named.status == status) return named.phrase;
  }
  return "Unknown";
}

void append_http1_response(std::string& out, const Http1Response& response) {
  out += "HTTP/1.1 ";
  out += std::to_string(response.status);
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\ndate: ";
  out += write_http_date(response.date);
  if (!response.content_type.empty()) {
    out += "\r\ncontent-type: ";
    out += response.content_type;
  }
  const bool is_chunked = response.body_length == BodyLength::kChunked;
  if (is_chunked) {
    if (response.request_minor_version > 0) out += "\r\ntransfer-encoding: chunked";
  } else if (response.status != 204) {
    out += "\r\ncontent-length: ";
    out += std::to_string(response.body.size());
  }
  if (response.fields != nullptr) {
    for (const ResponseField& field : *response.fields) {
      out += "\r\n";
      out += field.name;
      out += ": ";
      out += field.value;
    }
  }
  if (response.connection == ConnectionOption::kClose) {
    out += "\r\nconnection: close";
  } else if (response.request_minor_version == 0) {
    out += "\r\nconnection: keep-alive";
  }
  out += "\r\n\r\n";
  if (is_chunked) return;
  if (response.body_option == BodyOption::kSend && response.status != 204) out += response.body;
}

void append_http1_chunk(std::string& out, std::string_view bytes) {
  char size[17];
  const auto written = std::to_chars(size, size + sizeof size, bytes.size(), 16);
  out.append(size, written.ptr);
  out += "\r\n";
  out += bytes;
  out += "\r\n";
}

}  // namespace millrace::http
