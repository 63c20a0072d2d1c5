// A hostile HTTP/2 server: whatever it sends, and however it is cut, each request ends exactly
// once, and without a cut it ends the same. The first byte says how long the pieces are, the second
// which request is cancelled when.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "http/http2_client_session.h"

namespace {

using namespace millrace;

struct Counting final : http::Http2ResponseHandler {
  void on_header(std::string_view name, std::string_view value) override {
    MILLRACE_CHECK(open);
    MILLRACE_CHECK(!name.empty());
    // Two header blocks, the head and the trailers.
    head_bytes += name.size() + value.size() + 32;
    MILLRACE_CHECK(head_bytes <= 2 * http::kResponseHeadBytesMax);
    seen.append(name).append("=").append(value).append("\n");
  }
  bool on_body(std::span<const uint8_t> bytes) override {
    MILLRACE_CHECK(open);
    body += as_text(bytes);
    return body.size() < 50'000;
  }
  void on_end(http::Http2End end, http::Http2ErrorCode error, Rope rest) override {
    MILLRACE_CHECK(open);
    MILLRACE_CHECK(end == http::Http2End::kNotSent || rest.empty());
    open = false;
    seen += "end " + std::to_string(static_cast<int>(end)) + " " +
            std::to_string(static_cast<int>(error));
  }
  bool open = false;
  size_t head_bytes = 0;
  std::string seen;
  std::string body;
};
using Requests = std::array<Counting, 3>;

void write_all(http::Http2ClientSession& session) {
  for (auto output = session.view_output(); !output.empty(); output = session.view_output()) {
    size_t size = 0;
    for (const iovec& piece : output) size += piece.iov_len;
    session.advance_output(size);
  }
}

// Starts as many requests as there may be.
void start_all(http::Http2ClientSession& session, Requests& requests,
               std::array<http::Http2ClientSession::Stream*, 3>& streams) {
  const http::Http2Field fields[] = {{.name = ":method", .value = "POST"},
                                     {.name = ":scheme", .value = "http"},
                                     {.name = ":path", .value = "/a"},
                                     {.name = ":authority", .value = "b"}};
  for (size_t i = 0; i < requests.size() && session.can_start(); ++i) {
    requests[i].open = true;
    streams[i] =
        session.start({.fields = fields, .body = Rope(Bytes::copy_of("body"))}, requests[i]);
  }
  write_all(session);
}

// The outcome of the requests for those bytes in pieces, with nothing written between them.
std::string outcome(std::span<const uint8_t> bytes, size_t step) {
  Requests requests;
  std::array<http::Http2ClientSession::Stream*, 3> streams{};
  http::Http2ClientSession session;
  start_all(session, requests, streams);
  for (size_t at = 0; at < bytes.size() && !session.finished(); at += step) {
    if (!session.receive(bytes.subspan(at, std::min(step, bytes.size() - at)), MonotonicTime{})) {
      break;
    }
  }
  session.close();
  std::string all;
  for (const Counting& request : requests) all += request.seen + "body " + request.body + "\n";
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t step = data[0] % 64 + 1u;
  const size_t cancelled = data[1] % 4;  // 3: none
  const size_t cancelled_after = data[1] / 4;
  const std::span<const uint8_t> bytes(data + 2, size - 2);
  MILLRACE_CHECK(outcome(bytes, size) == outcome(bytes, step));

  Requests requests;
  std::array<http::Http2ClientSession::Stream*, 3> streams{};
  http::Http2ClientSession session;
  start_all(session, requests, streams);
  size_t pieces = 0;
  for (size_t at = 0; at < bytes.size() && !session.finished(); at += step, ++pieces) {
    if (!session.receive(bytes.subspan(at, std::min(step, bytes.size() - at)), MonotonicTime{})) {
      break;
    }
    if (pieces == cancelled_after && cancelled < 3 && requests[cancelled].open) {
      session.cancel(streams[cancelled]);
      requests[cancelled].open = false;
    }
    MILLRACE_CHECK(session.queued_frame_count() <= http::kQueuedFramesMax + bytes.size() / 9 + 6);
    write_all(session);
  }
  session.close();
  for (const Counting& request : requests) MILLRACE_CHECK(!request.open);
  return 0;
}
