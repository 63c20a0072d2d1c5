// Servers of OTLP over gRPC and HTTP on one port: the first bytes of a connection tell HTTP/2 from
// HTTP/1.1, the content type tells gRPC from OTLP/HTTP.
//
// A Server belongs to one loop. It reads requests whole (reserving memory before it reads), undoes
// their compression within the limits, and hands each to the handler of its route as one
// contiguous message. The handler answers through the Exchange, at once or much later.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metadata.h"
#include "base/result.h"
#include "base/signal.h"
#include "base/time.h"
#include "compress/coding.h"
#include "http/trace_context.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "memory/chunk_pool.h"
#include "transport/server/page.h"
#include "transport/server/request_gate.h"

namespace millrace::transport {

class EvictionOrder;  // transport/server/eviction_order.h

enum class Protocol : uint8_t { kGrpc, kHttp };
enum class BodyFormat : uint8_t { kProtobuf, kJson };

// One whole OTLP request, decompressed, not yet validated.
struct Request {
  Protocol protocol = Protocol::kGrpc;
  BodyFormat format = BodyFormat::kProtobuf;
  Signal signal = Signal::kTraces;
  Bytes body;             // contiguous; its chunk is reserved in the budget
  size_t wire_bytes = 0;  // as received, before decompression
  compress::Coding coding = compress::Coding::kIdentity;  // as received
  MetadataRef metadata;             // null unless ServerOptions::include_metadata
  MonotonicTime deadline = kNever;  // the sender's grpc-timeout
  RequestPass pass = {};            // of the server's gates; empty without any
  // The sender's place in a trace; read only with ServerOptions::propagators.
  std::optional<http::TraceContext> trace_parent = {};
};

// The answer to an OTLP request, independent of the protocol. The transport maps it: gRPC status
// with google.rpc.Status details, or an HTTP status (the table in otelcol's wire behaviour; size
// errors are 413) with a Status body in the request's own format.
struct Reply {
  Code code = Code::kOk;
  std::string message;                  // for errors
  std::optional<Duration> retry_after;  // RetryInfo and Retry-After
  // kOk only: partial success. rejected_count 0 with a message is OTLP's warning.
  uint64_t rejected_count = 0;
  std::string partial_message;
  // kInvalidArgument: BadRequest.field_violations; empty: none.
  std::string bad_field;
  bool too_large = false;  // HTTP 413 instead of the code's own status
  // kUnauthenticated over HTTP: the WWW-Authenticate field, which a 401 must have (RFC 9110,
  // section 11.6.1).
  std::string challenge = {};
};

// The right to answer one request, exactly once, on the server's loop. Movable, outlives the
// connection: answering a peer that has gone is allowed and does nothing. Dropping it unanswered
// answers INTERNAL, so that no client waits for ever.
class Exchange {
 public:
  class Impl {
   public:
    virtual void reply(const Reply& reply) = 0;  // releases the Impl
    virtual void abandon() = 0;                  // releases the Impl
    // Of a page's route only; releases the Impl.
    virtual void reply_page(PageReply) { abandon(); }
    // The sender's address, for logs; empty when its connection is gone, or not known.
    virtual std::string_view peer() const { return {}; }

   protected:
    ~Impl() = default;
  };
  explicit Exchange(Impl* impl) : impl_(impl) {}
  Exchange(Exchange&& other) noexcept : impl_(std::exchange(other.impl_, nullptr)) {}
  Exchange& operator=(Exchange&& other) noexcept {
    std::swap(impl_, other.impl_);
    return *this;
  }
  ~Exchange() {
    if (impl_ != nullptr) impl_->abandon();
  }
  void reply(const Reply& reply) { std::exchange(impl_, nullptr)->reply(reply); }
  std::string_view peer() const { return impl_->peer(); }

 private:
  Impl* impl_;
};

class RequestHandler {
 public:
  virtual void on_request(Request request, Exchange exchange) = 0;

 protected:
  ~RequestHandler() = default;
};

// Refusals and mistakes that never reach a handler, for counters and logs. `reason` is one of a
// fixed set of snake_case words ("too_large", "bad_path", "wrong_content_type",
// "http2_not_served", "memory", "timeout", "bad_compression", "header_flood", …).
class ServerObserver {
 public:
  virtual void on_rejected(Protocol protocol, std::optional<Signal> signal, std::string_view reason,
                           std::string_view detail, std::string_view peer) = 0;
  virtual void on_connections(int change) = 0;  // +1 or -1

 protected:
  ~ServerObserver() = default;
};

struct CorsOptions {
  std::vector<std::string> allowed_origins;  // '*' wildcards; empty: CORS is off
  std::vector<std::string> allowed_headers;
  std::vector<std::string> exposed_headers;
  int64_t max_age_s = 0;
};

// How requests of a route are read and answered over HTTP.
enum class RouteStyle : uint8_t {
  kOtlp,
  // For protocols that answer nothing: any content type but application/x-protobuf is JSON, success
  // is 202 without a body, and an error is its text. The statuses of errors are those of OTLP.
  kPlain,
  // Answers as kPlain. The content types are those of Thrift in its binary encoding, and another
  // one is 400; BodyFormat has no meaning.
  kThrift,
};

// All durations: zero means "no limit" unless stated.
struct ServerOptions {
  bool serves_grpc = true;
  bool serves_http = true;
  // The protocol that the port is configured for. The observer hears it for events of a connection
  // that has not yet sent enough bytes to tell its protocol.
  Protocol port_protocol = Protocol::kGrpc;
  struct OtlpRoute {
    Signal signal;
    std::string http_path;  // "/v1/traces"; the gRPC path follows from the signal
    RequestHandler* handler;
    RouteStyle style = RouteStyle::kOtlp;
    std::string grpc_path = {};  // empty: OTLP's method for the signal
  };
  std::vector<OtlpRoute> otlp_routes;
  // Asked in this order for each OTLP request and each gated page; CORS preflights pass by. Shared,
  // because the servers of all loops ask the same ones.
  std::vector<std::shared_ptr<RequestGate>> gates = {};
  std::vector<PageRoute> page_routes;

  size_t grpc_message_bytes_max = 64 << 20;  // before and after decompression
  size_t http_body_bytes_max = 64 << 20;
  uint32_t streams_max = 1024;             // concurrent, per connection
  size_t header_bytes_max = 64 << 10;      // one header block, decoded
  size_t announced_bytes_max = 256 << 20;  // unfinished bodies of one connection together
  // Of all servers that share `eviction`, handshakes under way among them.
  uint32_t connections_max = 100'000;
  // Which connection makes way when there is no place for another one: at connections_max, at its
  // quarter for connections that have not yet sent a whole request, and when the budget is short.
  // Shared by the servers of a loop; null: this server has its own.
  std::shared_ptr<EvictionOrder> eviction = nullptr;
  Duration header_timeout = 60s;  // from the first byte of a request to its last header
  Duration body_timeout = 60s;    // without any progress of an open body
  Duration write_timeout = 30s;   // without any progress of an unsent answer
  Duration idle_max = 0s;         // a connection without requests
  Duration age_max = 0s;          // then GOAWAY twice; jittered by ±10 %
  Duration age_grace = 0s;        // after GOAWAY; zero: for ever
  Duration ping_after = 2h;       // HTTP/2 keepalive.time
  Duration ping_timeout = 20s;
  Duration ping_min_interval = 5min;  // enforcement_policy.min_time
  bool ping_without_stream = false;
  CorsOptions cors;
  std::vector<MetadataEntry> response_headers;  // HTTP only
  // The Content-Encodings that are read.
  std::vector<std::string> http_encodings = {"",       "gzip",    "zstd",           "zlib",
                                             "snappy", "deflate", "x-snappy-framed"};
  bool include_metadata = false;
  http::Propagators propagators = {};  // none: no field is looked for
  // The wait that an answer for "no memory" asks of the sender.
  Duration retry_after_overload = 1s;

  // Of one message, before and after decompression.
  size_t body_bytes_max(Protocol protocol) const {
    return protocol == Protocol::kGrpc ? grpc_message_bytes_max : http_body_bytes_max;
  }
};

class Server {
 public:
  virtual ~Server() = default;
  // Starts listening; may be called for several addresses. The options apply to all.
  virtual Result<uint16_t> listen(const io::ListenOptions& where) = 0;
  // Takes over a stream accepted elsewhere (connections are placed by load).
  virtual void adopt(std::unique_ptr<io::Stream> stream) = 0;
  // Two-phase GOAWAY (HTTP/2) or Connection: close (HTTP/1.1); requests under way are finished;
  // `on_drained` runs once, when the last connection is gone.
  virtual void drain(std::function<void()> on_drained) = 0;
  virtual size_t connection_count() const = 0;
};

// `pool`, `observer` and the handlers must outlive the server, and what of its requests is in
// `long_work`: there large and compressed ones are decompressed and handed to their handler, in
// slices. Null: in one go.
std::unique_ptr<Server> make_server(io::Loop& loop, ChunkPool& pool, ServerOptions options,
                                    ServerObserver& observer, io::LongWork* long_work = nullptr);

}  // namespace millrace::transport
