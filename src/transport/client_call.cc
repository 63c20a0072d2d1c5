#include "transport/client_call.h"

#include <algorithm>
#include <charconv>

#include "http/grpc_wire.h"

namespace millrace::transport {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

MediaType media_type_of(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  if (content_type.empty()) return MediaType::kNone;
  constexpr std::string_view kGrpc = "application/grpc";
  if (equal_ignoring_case(content_type.substr(0, kGrpc.size()), kGrpc) &&
      (content_type.size() == kGrpc.size() || content_type[kGrpc.size()] == '+')) {
    return MediaType::kGrpc;
  }
  if (equal_ignoring_case(content_type, "application/x-protobuf")) return MediaType::kProtobuf;
  if (equal_ignoring_case(content_type, "application/json")) return MediaType::kJson;
  return MediaType::kOther;
}

void Response::add_header(std::string_view name, std::string_view value) {
  if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), http_status);
  } else if (name == "content-type") {
    media_type = media_type_of(value);
  } else if (name == "grpc-status") {
    // A status that is no number is as bad as none, and says that something was wrong.
    grpc_status = http::parse_grpc_status(value).value_or(Code::kUnknown);
  } else if (name == "grpc-message") {
    grpc_message = value;
  } else if (name == "grpc-status-details-bin") {
    grpc_details = value;
  } else if (name == "grpc-encoding") {
    grpc_encoding = value;
  } else if (name == "content-encoding") {
    content_encoding = value;
    std::ranges::transform(content_encoding, content_encoding.begin(), lower);
    if (content_encoding == "identity") content_encoding.clear();
  } else if (name == "retry-after") {
    retry_after = value;
  }
}

bool Response::add_body(std::span<const uint8_t> bytes, size_t bytes_max) {
  if (bytes.size() > bytes_max - body.size()) {
    too_large = true;
    return false;
  }
  body.append(as_text(bytes));
  return true;
}

}  // namespace millrace::transport
