#include "http/http1_request_writer.h"

namespace millrace::http {

std::string write_http1_request_head(std::string_view method, std::string_view target,
                                     std::span<const Http1Field> fields) {
  constexpr std::string_view kVersion = " HTTP/1.1\r\n";
  size_t size = method.size() + 1 + target.size() + kVersion.size() + 2;
  for (const Http1Field& field : fields) size += field.name.size() + field.value.size() + 4;
  std::string head;
  head.reserve(size);
  head.append(method).append(" ").append(target).append(kVersion);
  for (const Http1Field& field : fields) {
    head.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  return head.append("\r\n");
}

}  // namespace millrace::http
