// One HTTP/1.1 request to a service beside OTLP (a cloud's metadata, a token endpoint) and its
// response. The peer is a stranger: the time is bounded by the deadline, the body by
// `body_bytes_max` (reserved in the budget, if there is one), redirections are not followed, and a
// compressed body is an error unless it was asked for.
//
// Belongs to one loop. A connection is made for each exchange: these services are asked rarely.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metadata.h"
#include "base/result.h"
#include "base/time.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "transport/client/proxy.h"
#include "transport/client/web_url.h"

namespace millrace::transport {

struct WebRequest {
  std::string method = "GET";
  WebUrl url;
  std::vector<MetadataEntry> fields = {};  // lower-case names, no control characters in the values
  std::string body = {};
  std::shared_ptr<io::TlsClientContext> tls = nullptr;  // required where the URL says https
  std::string tls_server_name = {};                     // empty: the host
  std::optional<Proxy> proxy = {};
  bool accepts_gzip = false;        // the response's body then stays as it came
  size_t body_bytes_max = 1 << 20;  // of the response
  Budget* budget = nullptr;         // must outlive the exchange
  MonotonicTime deadline = kNever;
};

struct WebResponse {
  int status = 0;
  std::string body;
  std::string metadata_flavor = {};   // the field of that name, by which Google's servers are known
  std::string content_type = {};      // but of JSON, protobuf for OTLP and gRPC
  std::string content_encoding = {};  // lower case; empty: the body is plain
  std::string location = {};
};

class WebExchange {
 public:
  // A response of any status is a success. Errors: kUnavailable (no connection, or it broke),
  // kDeadlineExceeded, kResourceExhausted (the body is too large), kInternal (compressed).
  using Done = std::move_only_function<void(Result<WebResponse>)>;
  virtual ~WebExchange() = default;  // gives up; `done` is not called any more
};

// Calls `done` once, in a later turn of the loop; it may destroy the exchange.
std::unique_ptr<WebExchange> start_web_exchange(io::Loop& loop, const WebRequest& request,
                                                WebExchange::Done done);

}  // namespace millrace::transport
