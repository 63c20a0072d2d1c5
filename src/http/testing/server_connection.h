// The server's side of an HTTP/2 connection with a record of its events, for tests that send it
// frames.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/http2_server_session.h"
#include "http/testing/http2_frames.h"

namespace millrace::http::testing {

inline constexpr size_t kHeaderBytesMax = 1000;
inline constexpr uint32_t kStreamsMax = 7;
// ":method: POST", ":scheme: http", ":path: /" of HPACK's static table, and a literal authority.
inline const std::string kRequestHead =
    std::string("\x83\x86\x84") + field(0x40, ":authority", "b");

struct Request final : Http2Stream {
  std::string path;
  std::string body;
  size_t field_count = 0;
  bool oversized = false;
  std::string ends;  // "end", "closed 8"
};

class ServerConnection final : public Http2ServerEvents {
 public:
  explicit ServerConnection(std::string_view first = "") : session(options(), *this) {
    receive(first.empty() ? std::string(kClientPreface) + frame(kSettings, 0, 0, "")
                          : std::string(first));
  }

  Http2Stream* on_request(int32_t, const HeaderList& head, HeadSize size) override {
    if (refuses) return nullptr;
    auto& request = *requests.emplace_back(std::make_unique<Request>());
    request.path = head.find(KnownField::kPath);
    request.field_count = head.count();
    request.oversized = size == HeadSize::kOversized;
    if (answers_at_once) session.respond(request, *std::exchange(answers_at_once, nullptr));
    return &request;
  }
  void on_data(Http2Stream& stream, std::span<uint8_t> data) override {
    static_cast<Request&>(stream).body.append(data.begin(), data.end());
  }
  void on_request_end(Http2Stream& stream) override {
    static_cast<Request&>(stream).ends += "end ";
  }
  void on_stream_closed(Http2Stream& stream, Http2Error error) override {
    static_cast<Request&>(stream).ends +=
        "closed " + std::to_string(static_cast<uint32_t>(error)) + " ";
  }
  void on_ping() override { ++pings; }
  void on_ping_answered() override { ++pings_answered; }
  void on_answer_sent() override { ++answers_sent; }

  void receive(std::string bytes, size_t requests_max = 1000) {
    for (size_t at = 0; at < bytes.size() && !session.at_end();) {
      at += session.receive({reinterpret_cast<uint8_t*>(bytes.data()) + at, bytes.size() - at},
                            requests_max);
    }
  }
  // Bytes that one call consumes.
  size_t receive_once(std::string bytes, size_t requests_max) {
    return session.receive({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}, requests_max);
  }
  std::vector<Frame> sent() {
    std::string out;
    session.write_to(out, 1 << 20);
    return frames_of(out);
  }

  static Http2ServerOptions options() {
    return {.streams_max = kStreamsMax,
            .stream_window_bytes = 1 << 20,
            .connection_window_bytes = 1 << 22,
            .header_bytes_max = kHeaderBytesMax};
  }
  bool refuses = false;
  Http2Response* answers_at_once = nullptr;
  int pings = 0;
  int pings_answered = 0;
  int answers_sent = 0;
  std::vector<std::unique_ptr<Request>> requests;
  Http2ServerSession session;
};

inline std::string request_head(uint32_t stream, uint8_t flags = kEndHeaders) {
  return frame(kHeaders, flags, stream, kRequestHead);
}
inline std::string whole_request(uint32_t stream) {
  return request_head(stream) + frame(kData, kEndStream, stream, "body");
}
inline Http2Response response_of(std::string body, std::vector<ResponseField> trailers = {}) {
  return {.headers = {{":status", "200"}, {"x", "y"}},
          .body = std::move(body),
          .trailers = std::move(trailers)};
}

}  // namespace millrace::http::testing
