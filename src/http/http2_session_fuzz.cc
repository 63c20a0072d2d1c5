// The server side of HTTP/2 sees the same events and writes the same bytes however what it receives
// is cut. The first byte says how long the pieces are, the second how requests are answered.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "http/http2_server_session.h"

namespace {

using namespace millrace;
using namespace millrace::http;

struct Stream final : Http2Stream {
  std::string body;
};

class Server final : public Http2ServerEvents {
 public:
  explicit Server(size_t how)
      : how_(how), session_({.streams_max = 8, .header_bytes_max = 4096}, *this) {}

  struct Run {
    std::string events;
    std::string costs_and_output;  // of a connection that goes on
    std::string failure;
    bool goes_on = false;
    bool operator==(const Run&) const = default;
  };
  Run run(std::vector<uint8_t> bytes, size_t step, size_t requests_max) {
    for (size_t at = 0; at < bytes.size() && !session_.at_end();) {
      at += session_.receive(std::span(bytes).subspan(at, std::min(step, bytes.size() - at)),
                             requests_max);
    }
    Run run;
    run.goes_on = !session_.at_end();
    run.failure = session_.failure();
    MILLRACE_CHECK(session_.stream_count() == streams_.size());
    run.events = std::exchange(log_, {});
    const auto cost = session_.take_frame_cost();
    if (!run.goes_on) return run;
    run.costs_and_output =
        "resets " + std::to_string(cost.resets) + " idle " + std::to_string(cost.idle) + " ";
    session_.write_to(run.costs_and_output, 1 << 20);
    return run;
  }

 private:
  Http2Stream* on_request(int32_t id, const HeaderList& head, HeadSize head_size) override {
    log_ += "request " + std::to_string(id);
    log_ += head_size == HeadSize::kOversized ? " large" : "";
    for (size_t i = 0; i < head.count(); ++i) {
      log_.append("|").append(head.at(i).name).append("=").append(head.at(i).value);
    }
    if (how_ == 3) return nullptr;
    auto& stream = streams_[id] = std::make_unique<Stream>();
    if (how_ == 2) session_.respond(*stream, answer());
    return stream.get();
  }
  void on_data(Http2Stream& stream, std::span<uint8_t> data) override {
    of(stream).body += as_text(data);
  }
  void on_request_end(Http2Stream& stream) override {
    log_ += "whole " + std::to_string(stream.id) + ":" + of(stream).body;
    if (stream.responded) return;
    if (how_ == 0) session_.respond_grpc_ok(stream);
    if (how_ == 1) session_.respond(stream, answer());
  }
  void on_stream_closed(Http2Stream& stream, Http2Error error) override {
    log_ += "closed " + std::to_string(stream.id) + " " + std::to_string(static_cast<int>(error));
    log_ += ":" + of(stream).body;
    MILLRACE_CHECK(streams_.erase(stream.id) == 1);
  }
  void on_ping() override { log_ += "ping"; }
  void on_ping_answered() override { log_ += "pong"; }
  void on_answer_sent() override {}

  static Http2Response answer() {
    return {.headers = {{":status", "200"}, {"x", "y"}}, .body = "body", .trailers = {}};
  }
  Stream& of(Http2Stream& stream) { return *streams_.at(stream.id); }

  const size_t how_;
  std::string log_;
  std::map<int32_t, std::unique_ptr<Stream>> streams_;
  Http2ServerSession session_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  const size_t step = 1 + input.choice(64);
  const size_t how = input.choice(5);
  const auto rest = input.rest();
  const std::vector<uint8_t> bytes(rest.begin(), rest.end());
  const Server::Run whole = Server(how).run(bytes, bytes.size() + 1, bytes.size() + 1);
  const Server::Run cut = Server(how).run(bytes, step, 1 + step % 4);
  if (whole.goes_on || cut.goes_on) {
    MILLRACE_CHECK(cut == whole);
    return 0;
  }
  // The last frames of a connection that has ended depend on the cuts: bytes behind a GOAWAY are
  // read where they came in the same read, and are not read otherwise.
  MILLRACE_CHECK(whole.failure == cut.failure);
  MILLRACE_CHECK(whole.events.starts_with(cut.events) || cut.events.starts_with(whole.events));
  return 0;
}
