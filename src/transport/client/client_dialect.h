// What differs between OTLP over gRPC and over HTTP, seen from the client: the fields of a request
// and the reading of a response. Connections, addresses and deadlines are the same for both
// (client_channel.h). One thread; outlives the connections that use it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "http/http2_client_session.h"
#include "transport/client/client.h"
#include "transport/client/client_call.h"

namespace millrace::transport {

// The message of a success whose body was not read.
inline constexpr std::string_view kNoMemory =
    "the response message was not read: the memory budget has no room for it";

// Room that connections reuse from request to request.
struct FieldScratch {
  std::vector<http::Http2Field> fields;
  std::string timeout;
  std::string length;
};

class ClientDialect {
 public:
  virtual ~ClientDialect() = default;
  // Everything of the HTTP/2 request except its body, which the caller moves in. Views into
  // `scratch` and the request, valid until either changes. `left` is the time to the deadline;
  // Duration::max() without one.
  virtual http::Http2Request write_http2(const ClientRequest& request, Duration left,
                                         FieldScratch& scratch) const = 0;
  // Request line and fields of the HTTP/1.1 request, with the empty line.
  virtual std::string write_http1(const ClientRequest& request) const = 0;
  // Interprets a response, or the lack of one. `wall` is for Retry-After dates. Does not fill in
  // the server's address.
  virtual ClientAnswer interpret(ClientResponse response, const CallEnd& end, WallTime wall) = 0;
};

// Fields that a request may not bring along as metadata, because they are the connection's or the
// protocol's own; `name` is lower case.
bool is_reserved_field(std::string_view name);
// No control characters, so that it can't end its line early.
bool is_field_value(std::string_view value);
// Whether the request's credentials have a field of that name, which then goes instead, or the
// request goes without it.
bool is_replaced(const ClientRequest& request, std::string_view name);

std::unique_ptr<ClientDialect> make_grpc_dialect(const ClientOptions& options);
std::unique_ptr<ClientDialect> make_http_dialect(const ClientOptions& options);

}  // namespace millrace::transport
