// The server side of one HTTP/2 connection (RFC 9113) as bytes in, events and bytes out.
//
// One owner, one thread; no I/O and no clock. Events are called from inside receive(); they may
// call respond() and reset() but not receive() or write_to(). Body bytes are handed on where they
// lie in the buffer given to receive(), and may be changed there.
//
// The framing is nghttp2's. Checked on top: the size of header sections, what they inflate to, and
// floods of frames that cost the sender nothing (reported by take_frame_cost(), judged by the
// owner, which has a clock). Answers wait inside nghttp2 until write_to() takes them; so bytes are
// received in pieces, between which the owner writes, or waits for a peer that does not read.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/closed_streams.h"
#include "http/header_list.h"
#include "http/header_section.h"
#include "http/http2_frame_walk.h"

struct nghttp2_session;

namespace millrace::http {

// RFC 9113, section 7.
enum class Http2Error : uint32_t {
  kNoError = 0x0,
  kProtocolError = 0x1,
  kInternalError = 0x2,
  kFlowControlError = 0x3,
  kStreamClosed = 0x5,
  kRefusedStream = 0x7,
  kCancel = 0x8,
  kEnhanceYourCalm = 0xb,
};

struct Http2Response {
  std::vector<ResponseField> headers;  // ":status" first
  std::string body;
  std::vector<ResponseField> trailers;  // empty: none
  // More of the body comes by go_on(); without trailers.
  bool is_open = false;
};

// The owner's state of a stream derives from this; it lives from on_request to
// on_stream_closed.
struct Http2Stream {
  int32_t id = 0;
  bool request_ended = false;              // END_STREAM was received
  bool responded = false;                  // respond() was called
  bool peer_reset = false;                 // RST_STREAM was received
  size_t body_sent = 0;                    // of sending->body
  std::unique_ptr<Http2Response> sending;  // null for the prepared answers

 protected:
  ~Http2Stream() = default;
};

class Http2ServerEvents {
 public:
  // A whole header section that begins a request. `oversized`: the section passed
  // header_bytes_max; what is in `head` is the part before. Null refuses the stream
  // (REFUSED_STREAM).
  enum class HeadSize : uint8_t { kWithinLimit, kOversized };
  virtual Http2Stream* on_request(int32_t id, const HeaderList& head, HeadSize head_size) = 0;
  virtual void on_data(Http2Stream& stream, std::span<uint8_t> data) = 0;
  virtual void on_request_end(Http2Stream& stream) = 0;
  // The last call for this stream; `error` is NO_ERROR after a complete exchange.
  virtual void on_stream_closed(Http2Stream& stream, Http2Error error) = 0;
  virtual void on_ping() = 0;
  virtual void on_ping_answered() = 0;
  // Something was sent that shows the peer we are at work: HEADERS or DATA.
  virtual void on_answer_sent() = 0;

 protected:
  ~Http2ServerEvents() = default;
};

struct Http2ServerOptions {
  uint32_t streams_max = 1024;
  uint32_t stream_window_bytes = 64 << 20;  // must hold the largest message: nothing waits for room
  uint32_t connection_window_bytes = 1u << 30;
  size_t header_bytes_max = 64 << 10;
};

class Http2ServerSession {
 public:
  Http2ServerSession(const Http2ServerOptions& options, Http2ServerEvents& events);
  ~Http2ServerSession();
  Http2ServerSession(const Http2ServerSession&) = delete;
  Http2ServerSession& operator=(const Http2ServerSession&) = delete;

  // Consumes a piece of `bytes`, which must not be empty: all of them, or as many as hold
  // `requests_max` beginnings and ends of requests (or many frames that are neither). Returns how
  // many bytes that were, at least 1.
  size_t receive(std::span<uint8_t> bytes, size_t requests_max);
  // Nothing more will be received; what write_to() still gives (the GOAWAY that says why) is to be
  // sent. failure() is a word for the counter, empty while the peer kept to the protocol.
  bool at_end() const { return at_end_; }
  std::string_view failure() const { return failure_; }

  // Appends what is to be sent, until there is nothing or `out` has at least `out_bytes_max`.
  void write_to(std::string& out, size_t out_bytes_max);
  bool wants_write() const;
  // Frames that write_to() would give now: answers, resets, acknowledgements. Bodies that wait for
  // the peer's window are not among them.
  size_t waiting_frame_count() const;
  // Nothing will be read or written any more.
  bool finished() const;

  // Once for each stream, before on_stream_closed. When the request has not ended yet, the stream
  // is reset with NO_ERROR behind the response.
  void respond(Http2Stream& stream, Http2Response response);
  // For a response that is open, when its body so far has been sent: replaces it by the next piece.
  enum class BodyEnd : uint8_t { kOpen, kComplete };
  void go_on(Http2Stream& stream, std::string body, BodyEnd end);
  // gRPC's OK with an empty message, prepared: HEADERS, five bytes, trailers.
  void respond_grpc_ok(Http2Stream& stream);
  void reset(Http2Stream& stream, Http2Error error);

  void send_ping();
  // Phase one of a shutdown in order: GOAWAY that still allows every stream, and behind it a PING,
  // whose answer tells that the peer has read it.
  void announce_goaway();
  // Phase two: streams that the peer began after this are not served.
  void send_goaway(Http2Error error, std::string_view debug_text);
  // GOAWAY and the end, whatever is under way.
  void terminate(Http2Error error);

  size_t stream_count() const { return stream_count_; }
  // A header section has begun and has not ended (CONTINUATION is awaited), or the connection's
  // own preface has not.
  bool head_open() const { return head_open_ || !settings_received_; }
  // Held for a header section that has not come to its end, at the most.
  size_t open_head_bytes() const;
  // Frames since the last call that cost their sender nothing and carry no request forward.
  struct FrameCost {
    uint32_t resets = 0;  // RST_STREAM
    uint32_t idle = 0;    // PING, SETTINGS, PRIORITY, empty DATA, unknown types
    // What header sections inflated to, counted as SETTINGS_MAX_HEADER_LIST_SIZE counts.
    uint32_t inflated_bytes = 0;
  };
  FrameCost take_frame_cost() { return std::exchange(frame_cost_, FrameCost()); }

 private:
  struct Callbacks;
  void submit(Http2Stream& stream);
  void judge_frame_on_closed_stream(int32_t id, bool is_headers);
  void read_frames(std::span<uint8_t> bytes);
  void end_for_flood();
  bool is_closed(int32_t id) const;

  Http2ServerEvents& events_;
  Http2FrameWalk walk_;
  nghttp2_session* session_ = nullptr;
  HeaderSection head_;
  size_t continuation_count_ = 0;
  bool head_open_ = false;
  bool at_end_ = false;
  bool settings_received_ = false;
  size_t stream_count_ = 0;
  FrameCost frame_cost_;
  std::string_view failure_;
  ClosedStreams closed_;
  int32_t id_max_ = 0;
};

}  // namespace millrace::http
