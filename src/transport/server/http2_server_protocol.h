// OTLP over one HTTP/2 connection: gRPC and HTTP requests, limits, keep-alive and orderly ends.
//
// The pieces: http2_request.* is one request (its body, its answer), this is what concerns the
// connection as a whole. Belongs to the server's loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/flood_guard.h"
#include "http/http2_server_session.h"
#include "transport/server/open_head_memory.h"
#include "transport/server/server_context.h"
#include "transport/server/stream_memory.h"

namespace millrace::transport {

class Http2ServerRequest;

class Http2ServerProtocol final : public ConnectionProtocol, public http::Http2ServerEvents {
 public:
  explicit Http2ServerProtocol(ConnectionHost& host);
  ~Http2ServerProtocol() override;

  size_t receive(std::span<uint8_t> bytes, size_t requests_max) override;
  void receive_end() override;
  void write_to(std::string& out, size_t out_bytes_max) override;
  bool must_flush() const override;
  bool should_flush() const override;
  bool finished() const override;
  bool lingers() const override { return failed_ || session_ended_; }
  size_t linger_bytes_max() const override;
  bool wants_read() const override { return !failed_ && !ended_ && !session_ended_; }
  bool wants_unconsumed() const override { return !failed_ && !session_ended_; }
  MonotonicTime on_time(MonotonicTime now) override;
  void begin_drain() override;
  MonotonicTime idle_since() const override { return idle_since_; }

  // For Http2ServerRequest.
  ConnectionHost& host() { return host_; }
  http::Http2ServerSession& session() { return *session_; }
  void forget(Http2ServerRequest& request);
  // A body begins (1) or ends (-1).
  void note_open_body(int change);
  // A page goes on by pieces (1), or has ended (-1).
  void note_page_stream(int change) { page_stream_count_ += change; }

 private:
  http::Http2Stream* on_request(int32_t id, const http::HeaderList& head,
                                HeadSize head_size) override;
  void on_data(http::Http2Stream& stream, std::span<uint8_t> data) override;
  void on_request_end(http::Http2Stream& stream) override;
  void on_stream_closed(http::Http2Stream& stream, http::Http2Error error) override;
  void on_ping() override;
  void on_ping_answered() override;
  void on_answer_sent() override { ping_policy_.on_answer_sent(); }

  void fail(std::string_view reason, std::string_view detail);
  void calm_down(std::string_view reason, std::string_view detail);
  void check_floods(size_t bytes_received);
  bool has_share_of_bodies() const;
  void begin_goaway();
  void finish_goaway();
  MonotonicTime check_head(MonotonicTime now);
  MonotonicTime check_bodies(MonotonicTime now);
  MonotonicTime check_answers(MonotonicTime now);
  MonotonicTime check_deadlines(MonotonicTime now);
  MonotonicTime check_keepalive(MonotonicTime now);
  MonotonicTime check_age(MonotonicTime now);

  enum class Goaway : uint8_t { kNone, kAnnounced, kSent };

  ConnectionHost& host_;
  const ServerOptions& options_;
  std::unique_ptr<http::Http2ServerSession> session_;
  http::PingPolicy ping_policy_;
  http::TokenBucket idle_frames_;
  http::TokenBucket resets_;
  http::TokenBucket inflated_bytes_;
  size_t inflated_uncounted_ = 0;  // not yet taken from inflated_bytes_
  OpenHeadMemory head_memory_;
  StreamMemory stream_memory_;
  size_t open_body_count_ = 0;
  int page_stream_count_ = 0;
  Http2ServerRequest* requests_ = nullptr;  // an intrusive list of those whose stream is open
  bool failed_ = false;                     // the connection is at an end; only the GOAWAY goes out
  bool session_ended_ = false;              // HTTP/2 is over: GOAWAY went one way or the other
  bool ended_ = false;                      // the peer will send nothing more
  Goaway goaway_ = Goaway::kNone;
  MonotonicTime goaway_at_ = kNever;     // when the current phase began
  MonotonicTime age_at_ = kNever;        // when the connection is old
  MonotonicTime head_since_ = kNever;    // a header section (or the preface) is incomplete
  MonotonicTime idle_since_ = kNever;    // no stream is open
  MonotonicTime read_at_;                // the last bytes
  MonotonicTime ping_sent_at_ = kNever;  // an unanswered keep-alive ping
};

}  // namespace millrace::transport
