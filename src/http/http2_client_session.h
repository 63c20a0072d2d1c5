// One HTTP/2 connection seen from its client (RFC 9113), without I/O: received bytes go in, pieces
// to write come out. Request bodies are not copied: the pieces point into the ropes, so that one
// write of the socket carries many requests.
//
// Behind this interface is nghttp2; nothing of it shows here.
//
// Threads: one. Memory: 64 KiB for frame headers, HPACK tables of 4 KiB a side, a little a stream,
// and at most kQueuedFramesMax and two a stream of small frames (acknowledgements, resets) for a
// peer that does not read. What a peer may send has bounds (response_limit.h); passing one ends the
// connection.
// Re-entrancy: handlers are called from receive(), close() and view_output(); they may start
// and cancel requests, but must not destroy the session or call those three.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "http/gathered_output.h"
#include "http/http2_error_code.h"
#include "http/http2_frame_allowance.h"
#include "http/http2_frame_walk.h"
#include "http/response_limit.h"

struct nghttp2_session;

namespace millrace::http {

enum class Http2End : uint8_t {
  kComplete,  // the response is whole (END_STREAM was seen)
  kReset,     // the stream was reset, by the peer or because it broke the rules
  kNotSent,   // refused, above the last stream of GOAWAY, or nothing of it was ever written
  kBroken,    // the connection ended first
};

// Hears the response to one request.
class Http2ResponseHandler {
 public:
  // A field of the final response or of its trailers, in order; names are lower case, ":status"
  // comes first. Fields of 1xx responses are not shown.
  virtual void on_header(std::string_view name, std::string_view value) = 0;
  // False resets the stream (CANCEL) and ends it with kReset.
  virtual bool on_body(std::span<const uint8_t> bytes) = 0;
  // The last call. `body` is the request's body, for another attempt elsewhere, where `end` is
  // kNotSent; otherwise empty.
  virtual void on_end(Http2End end, Http2ErrorCode code, Rope body) = 0;

 protected:
  ~Http2ResponseHandler() = default;
};

// Fields must stay alive only during start(), except where `is_static` says that both texts live
// as long as the session: those are not copied.
struct Http2Field {
  std::string_view name;  // lower case
  std::string_view value;
  bool is_static = false;
  bool indexed = true;  // false: keeps a value that changes each time out of the HPACK tables
};

struct Http2Request {
  std::span<const Http2Field> fields;  // pseudo fields first
  std::array<uint8_t, 5> prefix{};     // goes before the body when prefix_size is not 0
  uint8_t prefix_size = 0;
  Rope body;
};

class Http2ClientSession {
 public:
  struct Stream;  // the handle of a request under way

  Http2ClientSession();
  // Handlers that still wait are not called: close() first.
  ~Http2ClientSession();
  Http2ClientSession(const Http2ClientSession&) = delete;
  Http2ClientSession& operator=(const Http2ClientSession&) = delete;

  // True when the peer's MAX_CONCURRENT_STREAMS, GOAWAY and the stream ids leave room.
  bool can_start() const;
  // Precondition: can_start(). `handler` is called until on_end or cancel(). The stream is valid
  // until then, too.
  Stream* start(Http2Request request, Http2ResponseHandler& handler);
  // Resets the stream (CANCEL); its handler is not called again.
  void cancel(Stream* stream);
  void submit_ping();

  // An error means that the connection is of no use: close(). When the peer breaks the rules this
  // is no error yet: the next view_output() tells it so, and finished() becomes true. Some 16 KiB
  // a call: bounds are looked at behind each.
  Status receive(std::span<const uint8_t> bytes, MonotonicTime now);
  // The bound that the last error is about; kNone: about none.
  ResponseLimit limit() const { return limit_; }
  // Frames that wait to be put into the output.
  size_t queued_frame_count() const;
  // Everything that should be written now, at most about 1 MiB. Stays valid until advance_output,
  // which says how much of it was written; the rest comes again.
  std::span<const iovec> view_output();
  void advance_output(size_t bytes) { output_.advance(bytes); }

  // Ends every stream: kNotSent where nothing was written, kBroken otherwise.
  void close();

  // True when nothing will be read or written any more and all output is taken: close().
  bool finished() const;

  size_t open_count() const { return open_count_; }
  // The peer sent GOAWAY: no more requests; those under way are being finished.
  bool going_away() const { return going_away_; }
  // The text of the peer's GOAWAY, for the log: "ENHANCE_YOUR_CALM: too_many_pings".
  const std::string& goaway_text() const { return goaway_text_; }
  // Pings that the peer has not answered.
  uint32_t unanswered_ping_count() const { return unanswered_pings_; }

 private:
  struct Callbacks;
  void end_stream(Stream& stream, Http2End end, Http2ErrorCode code);
  void forget(Stream* stream);
  bool was_written(const Stream& stream) const;
  Status check_limits();
  int fail_limit(ResponseLimit limit, std::string what);
  int note_header(Stream& stream, std::string_view name, std::string_view value);
  void note_goaway(uint32_t error_code, std::string_view text);

  nghttp2_session* session_ = nullptr;
  std::vector<Stream*> streams_;  // all that nghttp2 knows; Stream::index is the place here
  size_t open_count_ = 0;         // of them, those whose handler still waits

  GatheredOutput output_;
  Http2FrameWalk walk_{0};
  Http2FrameAllowance allowance_;
  size_t block_bytes_ = 0;   // of the header block that is being read, as in kResponseHeadBytesMax
  size_t block_fields_ = 0;  // of the same
  ResponseLimit limit_ = ResponseLimit::kNone;
  std::string limit_text_;

  bool going_away_ = false;
  std::string goaway_text_;
  uint32_t unanswered_pings_ = 0;
};

}  // namespace millrace::http
