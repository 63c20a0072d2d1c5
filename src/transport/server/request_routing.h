// The kind and the handler of a request, decided from its head alone: gRPC or HTTP, signal, format
// and coding, or the mistake that was made. The same for HTTP/1.1 and HTTP/2.
//
// Immutable after construction; used on the server's loop.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "compress/coding.h"
#include "http/header_list.h"
#include "transport/server/server.h"

namespace millrace::transport {

enum class HttpVersion : uint8_t { kHttp10, kHttp11, kHttp2 };

// Why a request cannot be routed, and how the answer says so.
struct RoutingRefusal {
  std::string_view reason;  // for counters; static
  std::string message;
  Code grpc_code = Code::kOk;  // gRPC requests
  int http_status = 0;         // HTTP requests; for gRPC 200, or 415 and 405
  // HTTP: false: the message as text/plain; true: a Status in the request's own format.
  bool as_status = false;
  std::string_view allow;  // the Allow field of a 405; static
};

struct RequestPlan {
  enum class Kind : uint8_t { kOtlp, kPage, kPreflight, kRefused };
  Kind kind = Kind::kRefused;
  Protocol protocol = Protocol::kHttp;
  std::optional<Signal> signal;
  RequestHandler* handler = nullptr;
  const PageRoute* page = nullptr;  // kPage, and kPreflight of a page
  BodyFormat format = BodyFormat::kProtobuf;
  RouteStyle style = RouteStyle::kOtlp;
  compress::Coding coding = compress::Coding::kIdentity;
  std::optional<Duration> timeout;  // grpc-timeout
  std::optional<RoutingRefusal> refusal;
  std::optional<http::TraceContext> trace_parent;  // of the head; set when it is admitted
};

class RequestRouting {
 public:
  // `options` must outlive this.
  explicit RequestRouting(const ServerOptions& options);
  RequestPlan plan(const http::HeaderList& head, HttpVersion version) const;
  // The answer to a request whose header section is too long, of the kind the sender speaks.
  RequestPlan plan_oversized(const http::HeaderList& head) const;

 private:
  const ServerOptions::OtlpRoute* find_otlp(std::string_view path) const;
  std::string not_found_text(std::string_view path) const;
  const PageRoute* find_page(std::string_view path) const;
  RequestPlan plan_grpc(const http::HeaderList& head, std::string_view subtype,
                        HttpVersion version) const;
  RequestPlan plan_otlp_http(const http::HeaderList& head,
                             const ServerOptions::OtlpRoute& route) const;

  const ServerOptions& options_;
};

// Whether the Origin is allowed by cors.allowed_origins ('*' matches any run of characters).
bool origin_allowed(const CorsOptions& cors, std::string_view origin);
std::string_view path_without_query(std::string_view target);

}  // namespace millrace::transport
