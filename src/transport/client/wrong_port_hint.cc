#include "transport/client/wrong_port_hint.h"

#include "base/bytes.h"

namespace millrace::transport {

std::string_view hint_of_first_bytes(std::span<const uint8_t> bytes, SpokenProtocol spoken) {
  // A record of an alert, of any version from SSL 3 to TLS 1.3 (RFC 8446, section 5.1).
  constexpr uint8_t kAlertRecord = 21;
  constexpr uint8_t kMajorVersion = 3;
  if (bytes.size() >= 2 && bytes[0] == kAlertRecord && bytes[1] == kMajorVersion) {
    return "the peer answered with a TLS alert: this port speaks TLS; use https://, or for "
           "otlp_grpc leave out tls: {insecure: true}";
  }
  if (spoken == SpokenProtocol::kHttp2) {
    if (!as_text(bytes).starts_with("HTTP/1.")) return {};
    return "the peer answered in HTTP/1.1: this port does not speak gRPC; otlp_http sends OTLP "
           "over HTTP (usually to port 4318)";
  }
  // The header of a SETTINGS frame on stream 0, which every HTTP/2 server sends first.
  constexpr size_t kFrameHeaderBytes = 9;
  constexpr uint8_t kSettings = 4;
  const bool is_settings = bytes.size() >= kFrameHeaderBytes && bytes[0] == 0 && bytes[1] == 0 &&
                           bytes[3] == kSettings && bytes[5] == 0 && bytes[8] == 0;
  if (!is_settings) return {};
  return "the peer answered in HTTP/2: this port speaks gRPC; otlp_grpc sends to it (usually port "
         "4317)";
}

std::string_view hint_of_silent_close(SpokenProtocol spoken) {
  return spoken == SpokenProtocol::kHttp2
             ? "the peer closed the connection before it said anything; a port that speaks TLS, or "
               "no gRPC, does so"
             : "the peer closed the connection before it said anything; a port that speaks TLS, or "
               "no HTTP, does so";
}

}  // namespace millrace::transport
