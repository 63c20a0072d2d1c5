// Clients of OTLP over gRPC and HTTP: connections, addresses, deadlines and what the peer said.
// Clients do not retry: a client makes one attempt and reports its result.
//
// A Client belongs to one loop. It resolves its endpoint (again when connections fail, and at
// intervals), keeps connections to the addresses, spreads requests round robin over the healthy
// ones, reconnects with back-off, and obeys GOAWAY.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/metadata.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"
#include "compress/coding.h"
#include "http/response_limit.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "transport/client/proxy.h"

namespace millrace::transport {

// A response message that says more than this is not looked into: a turn of the loop is short.
inline constexpr size_t kInterpretedBytesMax = 256 * 1024;

// The current fields that prove our identity: immutable, replaced whole when a watched file
// changes. The values are secrets; names are lower case.
using Credentials = std::shared_ptr<const std::vector<MetadataEntry>>;

// The parts of a request that its credentials may depend on; valid during the call.
struct CredentialContext {
  const Metadata* metadata = nullptr;  // the headers that came with the data; null: none
  MonotonicTime now{};
  const std::vector<MetadataEntry>* own_headers = nullptr;  // of the exporter; null: none
};

// Where an exporter gets them for each request; shared by the workers. Any thread.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // Errors say why there is nothing to show:
  //   kUnavailable      not yet, but soon: the request may wait for it
  //   kInvalidArgument  never for this request
  //   others            not now (a file or a server cannot be read)
  virtual Result<Credentials> current(const CredentialContext& context) = 0;
  // The peer refused these. True when others are there or on their way, so that another attempt may
  // succeed; without them, a refusal is final.
  virtual bool renew(const Credentials& refused, MonotonicTime now) {
    static_cast<void>(refused);
    static_cast<void>(now);
    return false;
  }
  // The headers of received requests (lower case) that current() looks at. Data with different
  // values must not be sent in one request; they are not passed on under their own names.
  virtual std::span<const std::string> context_keys() const { return {}; }
  // Headers of the exporter (lower case) that are not sent.
  virtual std::span<const std::string> removed_headers() const { return {}; }
};

struct ClientRequest {
  Signal signal = Signal::kTraces;
  Rope body;  // the message in `coding`; gRPC's five-byte prefix is the client's business
  compress::Coding coding = compress::Coding::kIdentity;
  MetadataRef metadata;               // sent as additional headers; may be null
  Credentials credentials = nullptr;  // sent instead of fields of the same names; may be null
  // Headers of the options (lower case) that are not sent; the texts must outlive the request.
  std::span<const std::string> without = {};
  MonotonicTime deadline = kNever;
};

// What one attempt came to.
struct ClientAnswer {
  enum class Kind : uint8_t {
    kAnswered,   // the peer answered: code, http_status, body are its words
    kNotSent,    // no connection; the peer certainly did not see the request
    kBroken,     // the connection or stream ended without an answer; the peer may have seen it
    kTimedOut,   // the deadline passed; the peer may have seen it
    kCancelled,  // we shut down
  };
  Kind kind = Kind::kAnswered;
  // Canonical code: gRPC's own, or mapped from HTTP or a stream reset as gRPC specifies.
  Code code = Code::kOk;
  int http_status = 0;  // HTTP exporters; 0 for gRPC
  std::string message;  // at most kPeerTextBytesMax of what the peer said, in UTF-8
  Bytes body;           // the response message (protobuf; JSON for proto_json)
  bool body_is_json = false;
  // RetryInfo or Retry-After (seconds or HTTP date), a year at the most.
  std::optional<Duration> retry_after;
  bool too_large = false;      // 413, or RESOURCE_EXHAUSTED whose text speaks of size
  std::string server_address;  // "10.0.0.1"
  uint16_t server_port = 0;
};

struct ClientOptions {
  std::string host;  // or a unix socket, "unix:/run/a.sock" (io/address.h)
  uint16_t port = 0;
  std::string scheme = "http";         // "http" or "https"
  std::string authority;               // empty: host:port
  std::string paths[kSignalCount];     // HTTP: the path of each signal; gRPC ignores it
  std::vector<MetadataEntry> headers;  // lower-case names; values are secrets, never logged
  std::string user_agent;
  std::string content_type = "application/x-protobuf";  // HTTP
  std::shared_ptr<io::TlsClientContext> tls;            // null: plain text
  std::string tls_server_name;                          // empty: host
  // Connections go to it: over TLS and for gRPC through a tunnel (CONNECT), for plain HTTP/1.1 it
  // passes the requests on. `host` is then looked up by the proxy.
  std::optional<Proxy> proxy = {};
  bool pick_first = false;       // gRPC balancer; false: round robin over all addresses
  uint32_t connections_max = 8;  // HTTP/1.1: parallel connections; HTTP/2: one per address
  bool http2 = true;             // HTTP over TLS may use HTTP/2 by ALPN
  size_t response_bytes_max = 4 << 20;
  // Where response bodies of more than a few bytes are reserved, an eighth of it at the most; a
  // response that finds no room is read without its body. Null: they are not. Must outlive the
  // client and its answers.
  Budget* budget = nullptr;
  // A peer passed a bound on what it may answer ("10.0.0.1:4317"). May be empty; on the loop.
  std::function<void(http::ResponseLimit, std::string_view peer)> on_limit = {};
  Duration connect_timeout = 20s;
  Duration reconnect_initial = 1s;  // gRPC's connection back-off: times 1.6, ±20 %, at most:
  Duration reconnect_max = 120s;
  Duration resolve_interval = 30s;  // how often a name with live connections is looked up again
  Duration ping_after = 0s;         // HTTP/2 keepalive.time; 0: never
  Duration ping_timeout = 20s;
  Duration idle_max = 90s;  // HTTP/1.1 connection kept without requests
};

class Client {
 public:
  // Drops what is in flight: each gets kCancelled before the destructor returns.
  virtual ~Client() = default;
  using Done = std::move_only_function<void(ClientAnswer)>;
  // Exactly one call of `done` for each send, never from inside send. Requests wait for a
  // connection until their deadline if one is being made; with none in sight they fail at once
  // with kNotSent.
  virtual void send(ClientRequest request, Done done) = 0;
  virtual size_t in_flight_count() const = 0;
  // "3 of 3 addresses connected", or the last error: for the log and the status page.
  virtual std::string describe() const = 0;
};

std::unique_ptr<Client> make_grpc_client(io::Loop& loop, ClientOptions options);
std::unique_ptr<Client> make_http_client(io::Loop& loop, ClientOptions options);

}  // namespace millrace::transport
