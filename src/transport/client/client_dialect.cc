#include "transport/client/client_dialect.h"

#include <algorithm>
#include <array>

namespace millrace::transport {

bool is_reserved_field(std::string_view name) {
  constexpr std::array<std::string_view, 15> kReserved = {
      "accept-encoding",   "authority",        "connection", "content-encoding",
      "content-length",    "content-type",     "expect",     "host",
      "keep-alive",        "proxy-connection", "te",         "trailer",
      "transfer-encoding", "upgrade",          "user-agent"};
  return name.empty() || name.starts_with(':') || name.starts_with("grpc-") ||
         std::ranges::binary_search(kReserved, name);
}

bool is_field_value(std::string_view value) {
  return std::ranges::none_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
  });
}

bool is_replaced(const ClientRequest& request, std::string_view name) {
  if (std::ranges::find(request.without, name) != request.without.end()) return true;
  return request.credentials != nullptr &&
         std::ranges::any_of(*request.credentials,
                             [&](const MetadataEntry& entry) { return entry.name == name; });
}

}  // namespace millrace::transport
