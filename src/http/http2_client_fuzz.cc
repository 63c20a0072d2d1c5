// A hostile HTTP/2 server: whatever it sends, and however it is cut, each request ends exactly
// once. The first byte says how long the pieces are, the second which request is cancelled when.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "http/http2_client_session.h"

namespace {

using namespace millrace;

struct Counting final : http::Http2ResponseHandler {
  void on_header(std::string_view name, std::string_view) override {
    MILLRACE_CHECK(open);
    MILLRACE_CHECK(!name.empty());
  }
  bool on_body(std::span<const uint8_t> bytes) override {
    MILLRACE_CHECK(open);
    body_bytes += bytes.size();
    return body_bytes < 50'000;
  }
  void on_end(http::Http2End end, http::Http2ErrorCode, Rope body) override {
    MILLRACE_CHECK(open);
    MILLRACE_CHECK(end == http::Http2End::kNotSent || body.empty());
    open = false;
  }
  bool open = false;
  size_t body_bytes = 0;
};

void write_all(http::Http2ClientSession& session) {
  for (auto output = session.view_output(); !output.empty(); output = session.view_output()) {
    size_t size = 0;
    for (const iovec& piece : output) size += piece.iov_len;
    session.advance_output(size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t step = data[0] % 64 + 1u;
  const size_t cancelled = data[1] % 4;  // 3: none
  const size_t cancelled_after = data[1] / 4;
  std::array<Counting, 3> requests;
  std::array<http::Http2ClientSession::Stream*, 3> streams{};
  http::Http2ClientSession session;
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
  size_t pieces = 0;
  for (size_t at = 2; at < size && !session.finished(); at += step, ++pieces) {
    if (!session.receive({data + at, std::min(step, size - at)})) break;
    if (pieces == cancelled_after && cancelled < 3 && requests[cancelled].open) {
      session.cancel(streams[cancelled]);
      requests[cancelled].open = false;
    }
    write_all(session);
  }
  session.close();
  for (const Counting& request : requests) MILLRACE_CHECK(!request.open);
  return 0;
}
