// One request of a Client on its way, and the part of its response that has arrived. Belongs to the
// client's loop; client_channel.h says which object owns calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/http2_client_session.h"
#include "memory/budget.h"
#include "transport/client/client.h"

namespace millrace::transport {

enum class MediaType : uint8_t { kNone, kGrpc, kProtobuf, kJson, kOther };

// Without parameters ("; charset=utf-8"); "application/grpc+proto" is gRPC too.
MediaType media_type_of(std::string_view content_type);

// A response as it comes in, for both protocols: only the fields that OTLP looks at are kept, and
// of those a few KiB.
struct ClientResponse {
  int http_status = 0;
  MediaType media_type = MediaType::kNone;
  std::string content_encoding;  // lower case; empty: identity
  std::string retry_after;
  std::optional<Code> grpc_status;
  std::string grpc_encoding;
  std::string grpc_message;  // still percent-encoded
  std::string grpc_details;  // still base64
  std::string metadata_flavor;
  std::string other_content_type;  // where media_type is kOther
  std::string location;
  std::string body;
  bool too_large = false;  // the body passed the limit; `body` holds the part up to it
  // There was no memory for the body: it is passed over, and counted here.
  bool is_body_dropped = false;
  size_t dropped_bytes = 0;

  // `name` is lower case.
  void add_header(std::string_view name, std::string_view value);
  // False, and too_large, when the body would pass bytes_max.
  bool add_body(std::span<const uint8_t> bytes, size_t bytes_max);
  void drop_body();
};

// How the exchange ended on the wire.
struct CallEnd {
  enum class Kind : uint8_t {
    kComplete,  // the response is whole
    kReset,     // its stream was reset; http2_error says why
    kNotSent,   // the peer certainly did not see the request
    kBroken,    // the connection ended first
  };
  Kind kind = Kind::kComplete;
  http::Http2ErrorCode http2_error = http::Http2ErrorCode::kNoError;
  std::string message = {};  // empty where http2_error says it all
};

class ClientConnection;

struct ClientCall {
  ClientRequest request;  // its body is with the connection while that works on it
  Client::Done done;
  ClientResponse response;
  Reservation body_memory;                 // for what response.body has allocated
  ClientConnection* connection = nullptr;  // null while waiting for one
  std::string server_address;              // of the last connection
  uint16_t server_port = 0;
  void* ticket = nullptr;       // the connection's own
  size_t index = 0;             // in the channel's list
  uint32_t attempt_count = 0;   // connections that took it so far
  MonotonicTime waits_since{};  // for a connection

  // Reserves and keeps a part of the response's body. kBody: it is larger than allowed, and the
  // response is not to be read on. kMemory, once: there is no room, and it is read without body.
  http::ResponseLimit add_body(std::span<const uint8_t> bytes, const ClientOptions& options);
};

// Tells options.on_limit, where there is one.
void report_limit(const ClientOptions& options, http::ResponseLimit limit, std::string_view peer);

}  // namespace millrace::transport
