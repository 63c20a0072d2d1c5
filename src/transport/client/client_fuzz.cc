// A whole client against a hostile back end, over the simulated network: whatever comes back, and
// however it is cut, each request is answered exactly once. The first byte chooses the protocol,
// the second the size of the pieces, the third whether the back end hangs up behind its bytes. What
// is held of a response is reserved, and given back with its answer.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "io/sim/world.h"
#include "memory/budget.h"
#include "transport/client/client.h"
#include "transport/client/peer_text.h"

namespace {

using namespace millrace;
using namespace millrace::transport;

// Sends the same bytes on every connection, a piece at a time, and reads what it gets.
struct Peer final : io::StreamHandler {
  void on_ready(io::Interest) override {
    uint8_t buffer[4096];
    io::IoOutcome outcome = stream->read(buffer).outcome;
    while (outcome == io::IoOutcome::kOk) outcome = stream->read(buffer).outcome;
    ended = ended || outcome >= io::IoOutcome::kEnd;
    if (!ended && !bytes.empty()) {
      const iovec piece{const_cast<char*>(bytes.data()), std::min(bytes.size(), piece_size)};
      const auto result = stream->write({&piece, 1});
      if (result.outcome == io::IoOutcome::kOk) bytes.remove_prefix(result.count);
      if (bytes.empty() && hangs_up) stream->shutdown_write();
    }
    stream->set_interest(ended           ? io::Interest::kNone
                         : bytes.empty() ? io::Interest::kRead
                                         : io::Interest::kReadWrite);
  }
  void on_failed(const Error&) override { ended = true; }
  std::unique_ptr<io::Stream> stream;
  std::string_view bytes;
  size_t piece_size = 1;
  bool hangs_up = false;
  bool ended = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  const bool is_grpc = input.flag();
  const size_t piece_size = size_t{1} << input.choice(12);
  const bool hangs_up = input.flag();
  const std::string_view bytes = input.rest_text();

  io::sim::World world(1);
  auto loop = world.make_loop("collector");
  auto back_end = world.make_loop("back-end");
  std::array<std::unique_ptr<Peer>, 64> peers;
  size_t peer_count = 0;
  auto listener = back_end->listen({.host = "", .port = 0, .tls = nullptr},
                                   [&](std::unique_ptr<io::Stream> stream) {
                                     if (peer_count == peers.size()) return;  // hangs up
                                     auto& peer = peers[peer_count++] = std::make_unique<Peer>();
                                     peer->stream = std::move(stream);
                                     peer->bytes = bytes;
                                     peer->piece_size = piece_size;
                                     peer->hangs_up = hangs_up;
                                     peer->stream->set_handler(peer.get());
                                     peer->stream->set_interest(io::Interest::kReadWrite);
                                   });
  MILLRACE_CHECK(listener.has_value());
  ClientOptions options;
  options.host = "back-end";
  options.port = (*listener)->port();
  options.paths[0] = "/v1/traces";
  options.response_bytes_max = 10'000;
  options.idle_max = 1s;
  Budget budget(256 << 10);
  options.budget = &budget;
  options.on_limit = [](http::ResponseLimit limit, std::string_view) {
    MILLRACE_CHECK(limit != http::ResponseLimit::kNone);
  };
  auto client = is_grpc ? make_grpc_client(*loop, options) : make_http_client(*loop, options);
  constexpr size_t kRequests = 3;
  std::array<int, kRequests> answers{};
  for (size_t i = 0; i < kRequests; ++i) {
    ClientRequest request;
    request.body = Rope(Bytes::copy_of("body"));
    request.deadline = loop->now() + 5s;
    client->send(std::move(request), [&answers, i](const ClientAnswer& answer) {
      ++answers[i];
      MILLRACE_CHECK(answer.body.size() <= 10'000);
      MILLRACE_CHECK(answer.message.size() <= kPeerTextBytesMax);
    });
  }
  world.run_for(6s);
  for (const int count : answers) MILLRACE_CHECK(count == 1);
  MILLRACE_CHECK(client->in_flight_count() == 0);
  MILLRACE_CHECK(budget.used() == 0);
  client.reset();
  for (const int count : answers) MILLRACE_CHECK(count == 1);
  return 0;
}
