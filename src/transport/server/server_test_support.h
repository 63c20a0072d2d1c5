// Shared by the server's tests: a server on a simulated host, and peers that speak raw bytes or
// HTTP/2 to it.
#pragma once

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/grpc_wire.h"
#include "io/sim/world.h"
#include "memory/chunk_pool.h"
#include "transport/grpc_path.h"
#include "transport/server/request_routing.h"
#include "transport/server/server.h"

namespace millrace::transport::testing {

struct RecordingObserver final : ServerObserver {
  void on_rejected(Protocol protocol, std::optional<Signal>, std::string_view reason,
                   std::string_view detail, std::string_view) override {
    reasons.emplace_back(reason);
    details.emplace_back(detail);
    last_protocol = protocol;
  }
  void on_connections(int change) override { connections += change; }
  std::vector<std::string> reasons;
  std::vector<std::string> details;
  Protocol last_protocol = Protocol::kHttp;
  int connections = 0;
};

// Records the requests; answers at once with `answer`, or never while `hold` is set.
struct RecordingHandler final : RequestHandler {
  void on_request(Request request, Exchange exchange) override {
    bodies.emplace_back(request.body.text());
    requests.push_back(std::move(request));
    if (hold) {
      held.push_back(std::move(exchange));
    } else {
      exchange.reply(answer);
    }
  }
  Reply answer;
  bool hold = false;
  std::vector<std::string> bodies;
  std::vector<Request> requests;
  std::vector<Exchange> held;
};

// A peer on its own host that sends bytes and keeps what it gets.
class RawPeer final : public io::StreamHandler {
 public:
  RawPeer(io::Loop& loop, const std::string& address) {
    io::ConnectOptions options;
    options.address.text = address;
    stream_ = loop.connect(options);
    stream_->set_handler(this);
    stream_->set_interest(io::Interest::kReadWrite);
  }
  void send(std::string_view bytes) {
    to_send_ += bytes;
    sent += bytes;
    if (stream_ && !ended) stream_->set_interest(io::Interest::kReadWrite);
  }
  void close() { stream_.reset(); }
  void stop_reading() { reads_ = false; }
  void start_reading() {
    reads_ = true;
    if (stream_ && !ended) stream_->set_interest(io::Interest::kReadWrite);
  }
  // The network has taken it, which is not to say that the server has read it.
  bool everything_sent() const { return to_send_.empty(); }
  void on_ready(io::Interest ready) override {
    if ((static_cast<uint8_t>(ready) & 1) != 0 && reads_) {
      uint8_t buffer[16384];
      const auto result = stream_->read(buffer);
      if (result.outcome == io::IoOutcome::kOk) {
        received.append(reinterpret_cast<const char*>(buffer), result.count);
        if (on_bytes) on_bytes({buffer, result.count});
      } else if (result.outcome != io::IoOutcome::kWouldBlock) {
        ended = true;
      }
    }
    while (!ended && !to_send_.empty()) {
      const iovec piece{to_send_.data(), to_send_.size()};
      const auto result = stream_->write({&piece, 1});
      if (result.outcome == io::IoOutcome::kError) ended = true;
      if (result.outcome != io::IoOutcome::kOk) break;
      to_send_.erase(0, result.count);
    }
    if (stream_) {
      const unsigned read = reads_ && !ended ? 1 : 0;
      const unsigned write = to_send_.empty() || ended ? 0 : 2;
      stream_->set_interest(static_cast<io::Interest>(read | write));
    }
  }
  void on_failed(const Error&) override {
    ended = true;
    stream_.reset();
  }
  std::string received;
  std::string sent;  // all that send() was given
  bool ended = false;
  std::function<void(std::span<const uint8_t>)> on_bytes;

 private:
  std::unique_ptr<io::Stream> stream_;
  std::string to_send_;
  bool reads_ = true;
};

struct PeerResponse {
  std::map<std::string, std::string> fields;  // headers and trailers
  std::string body;
  bool closed = false;
  uint32_t error = 0;
};

// An HTTP/2 client on a RawPeer.
class Http2Peer {
 public:
  Http2Peer(io::Loop& loop, const std::string& address) : peer(loop, address) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(
        callbacks,
        [](nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
           const uint8_t* value, size_t value_size, uint8_t, void* user) {
          auto& response = static_cast<Http2Peer*>(user)->responses[frame->hd.stream_id];
          response.fields[std::string(reinterpret_cast<const char*>(name), name_size)] =
              std::string(reinterpret_cast<const char*>(value), value_size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        callbacks,
        [](nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* user) {
          static_cast<Http2Peer*>(user)->responses[id].body.append(
              reinterpret_cast<const char*>(data), size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        callbacks, [](nghttp2_session*, int32_t id, uint32_t error, void* user) {
          auto& response = static_cast<Http2Peer*>(user)->responses[id];
          response.closed = true;
          response.error = error;
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          auto& self = *static_cast<Http2Peer*>(user);
          if (frame->hd.type == NGHTTP2_GOAWAY) {
            self.goaways.push_back({frame->goaway.last_stream_id, frame->goaway.error_code});
          }
          if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
            ++self.pongs;
          }
          return 0;
        });
    nghttp2_session_client_new(&session, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session, 0, nullptr, 0);
    peer.on_bytes = [this](std::span<const uint8_t> bytes) {
      nghttp2_session_mem_recv(session, bytes.data(), bytes.size());
      flush();
    };
    flush();
  }
  ~Http2Peer() { nghttp2_session_del(session); }

  using Fields = std::vector<std::pair<std::string, std::string>>;
  struct Body {
    std::string bytes;
    size_t sent = 0;
    bool ends = true;  // false: END_STREAM never comes
  };

  int32_t request(const Fields& fields, std::string bytes, bool ends = true) {
    std::vector<nghttp2_nv> list;
    for (const auto& [name, value] : fields) {
      list.push_back({reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                      reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                      value.size(), 0});
    }
    bodies.push_back(std::make_unique<Body>());
    Body* body = bodies.back().get();
    body->bytes = std::move(bytes);
    body->ends = ends;
    nghttp2_data_provider provider{};
    provider.source.ptr = body;
    provider.read_callback = [](nghttp2_session*, int32_t, uint8_t* into, size_t room,
                                uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
      auto& sending = *static_cast<Body*>(source->ptr);
      const size_t size = std::min(room, sending.bytes.size() - sending.sent);
      if (size == 0 && !sending.ends) return NGHTTP2_ERR_DEFERRED;
      std::memcpy(into, sending.bytes.data() + sending.sent, size);
      sending.sent += size;
      if (sending.sent == sending.bytes.size() && sending.ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
      return static_cast<ssize_t>(size);
    };
    const int32_t id =
        nghttp2_submit_request(session, nullptr, list.data(), list.size(), &provider, nullptr);
    flush();
    return id;
  }

  static Fields grpc_fields(Signal signal, const Fields& more = {}) {
    Fields fields = {{":method", "POST"},
                     {":scheme", "http"},
                     {":path", std::string(grpc_path_of(signal))},
                     {":authority", "collector"},
                     {"content-type", "application/grpc"},
                     {"te", "trailers"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  }
  static std::string framed(std::string_view message,
                            http::GrpcCompression compression = http::GrpcCompression::kNone) {
    const auto prefix =
        http::write_grpc_prefix({compression, static_cast<uint32_t>(message.size())});
    std::string bytes(prefix.begin(), prefix.end());
    bytes += message;
    return bytes;
  }
  int32_t grpc(std::string_view message, Signal signal = Signal::kTraces) {
    return request(grpc_fields(signal), framed(message));
  }
  void flush() {
    for (;;) {
      const uint8_t* data = nullptr;
      const ssize_t size = nghttp2_session_mem_send(session, &data);
      if (size <= 0) return;
      peer.send({reinterpret_cast<const char*>(data), static_cast<size_t>(size)});
    }
  }
  struct Goaway {
    int32_t last_stream_id;
    uint32_t error;
  };

  RawPeer peer;
  nghttp2_session* session = nullptr;
  std::map<int32_t, PeerResponse> responses;
  std::vector<std::unique_ptr<Body>> bodies;
  std::vector<Goaway> goaways;
  int pongs = 0;
};

class ServerTest : public ::testing::Test {
 protected:
  // Every signal goes to `handler`; change `options` before start().
  ServerTest() {
    for (const Signal signal : kSignals) {
      options.otlp_routes.push_back({signal,
                                     signal == Signal::kProfiles
                                         ? "/v1development/profiles"
                                         : "/v1/" + std::string(signal_name(signal)),
                                     &handler});
    }
  }
  void start(size_t budget_bytes = 64 << 20, size_t connections_share = 0) {
    budget = std::make_unique<Budget>(budget_bytes, connections_share);
    pool = std::make_unique<ChunkPool>(*budget, 0);
    // The clock of the simulation stands still within a turn; here each look moves it.
    io::LongWorkOptions slices;
    slices.clock = [now = MonotonicTime()]() mutable { return now += 400us; };
    long_work = std::make_unique<io::LongWork>(*loop, *pool, std::move(slices));
    server = make_server(*loop, *pool, options, observer, long_work.get());
    io::ListenOptions where;
    where.host = "collector";
    const auto port = server->listen(where);
    ASSERT_TRUE(port) << port.error().message;
    address = world.host_address("collector") + ":" + std::to_string(*port);
  }
  std::unique_ptr<RawPeer> raw() { return std::make_unique<RawPeer>(*client_loop, address); }
  std::unique_ptr<Http2Peer> http2() { return std::make_unique<Http2Peer>(*client_loop, address); }
  bool run_until(const std::function<bool()>& condition, Duration limit = 10s) {
    return world.run_until(condition, limit);
  }
  // What connections have reserved, new ones and others.
  size_t connection_bytes() const {
    return budget->used(MemoryTerm::kConnections) + budget->used(MemoryTerm::kNewConnections);
  }
  const PeerResponse& answer_of(Http2Peer& peer, int32_t id) {
    EXPECT_TRUE(run_until([&] { return peer.responses[id].closed; }));
    return peer.responses[id];
  }

  io::sim::World world{1};
  std::unique_ptr<io::Loop> loop = world.make_loop("collector");
  std::unique_ptr<io::Loop> client_loop = world.make_loop("client");
  ServerOptions options;
  RecordingObserver observer;
  std::unique_ptr<Budget> budget;  // outlives the bodies that the handler keeps
  RecordingHandler handler;
  std::unique_ptr<ChunkPool> pool;
  std::unique_ptr<io::LongWork> long_work;
  std::unique_ptr<Server> server;
  std::string address;
};

}  // namespace millrace::transport::testing
