// From a Reply to the wire: the one table for gRPC and HTTP.
//
// Sources: OTLP specification ("Failures", "Partial success"), otelcol's mapping of codes to HTTP
// statuses, gRPC's PROTOCOL-HTTP2. Where OTLP and otelcol differ OTLP wins: an accepted request is
// answered with partial_success unset (a protobuf body of no bytes), too large is 413. The JSON of
// an accepted request is otelcol's {"partialSuccess":{}}, which reads as the same message.
// Pure functions, safe from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/header_list.h"
#include "transport/rpc_status.h"
#include "transport/server/server.h"

namespace millrace::transport {

struct GrpcReply {
  Code code = Code::kOk;
  std::string message;             // "grpc-message", percent-encoded
  std::string status_details_bin;  // "grpc-status-details-bin", base64; empty: none
  std::string body;                // kOk only: the response message, without prefix
};
GrpcReply map_to_grpc(const Reply& reply);

struct HttpReply {
  int status = 200;
  std::string content_type;
  std::string body;
  std::vector<http::ResponseField> fields;       // beyond content-type and content-length
  std::unique_ptr<PageStream> stream = nullptr;  // the rest of the body, of unknown length
};
HttpReply map_to_http(const Reply& reply, Signal signal, BodyFormat format);

// otelcol's table; kOk is 200.
int http_status_of(Code code);
std::string_view content_type_of(BodyFormat format);

}  // namespace millrace::transport
