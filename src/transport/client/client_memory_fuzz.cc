// A whole client against a scripted back end (testing/scripted_peer.h): whatever comes back, and
// however little of the requests is read, the client holds on the heap what the budget has reserved
// for responses and a constant beside it. Every allocation counts.
//
// The first byte chooses the protocol, the second how many requests there are; the rest is the
// script, which every connection hears from its beginning.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "io/sim/running_host.h"
#include "io/sim/world.h"
#include "memory/testing/heap_account.h"
#include "transport/client/client.h"
#include "transport/testing/scripted_peer.h"

namespace millrace::transport {
namespace {

constexpr size_t kAnswerBytesMax = 64 * 1024;
constexpr size_t kConnectionsMax = 2;
constexpr size_t kRequestsMax = 16;
// For the client and its connections, each of which may have 64 KiB to write, as much of a head
// under way, and the 1,000 acknowledgements that nghttp2 lets wait.
constexpr size_t kOutsideBytes = 512 * 1024;

constinit size_t client_host = io::sim::kNoHost;

std::array<std::string, 4> make_heads() {
  using testing::hpack_field;
  const std::string grpc =
      hpack_field(":status", "200") + hpack_field("content-type", "application/grpc");
  const std::string ok = hpack_field("grpc-status", "0");
  return {grpc, grpc + ok, hpack_field(":status", "103"), ok};
}

ClientOptions make_options(uint16_t port) {
  ClientOptions options;
  options.host = "back-end";
  options.port = port;
  options.paths[0] = "/v1/traces";
  options.response_bytes_max = kAnswerBytesMax;
  options.connections_max = kConnectionsMax;
  options.idle_max = 1s;
  return options;
}

void play(millrace::testing::FuzzInput input, Budget& budget,
          millrace::testing::HeapAccount& account) {
  static const std::array<std::string, 4> kHeads = make_heads();
  const bool is_grpc = input.flag();
  const size_t requests = 1 + input.choice(kRequestsMax);
  io::sim::World world(1);
  client_host = world.host_number("collector");
  auto loop = world.make_loop("collector");
  auto back_end = world.make_loop("back-end");
  std::vector<std::unique_ptr<testing::ScriptedPeer>> peers;
  constexpr size_t kPeersMax = 32;
  auto listener = back_end->listen({}, [&](std::unique_ptr<io::Stream> stream) {
    if (peers.size() == kPeersMax) return;  // hangs up
    peers.push_back(std::make_unique<testing::ScriptedPeer>(
        *back_end, std::move(stream), input, kHeads,
        is_grpc ? testing::http2_frame(4, 0, 0, {}) : std::string()));
  });
  MILLRACE_CHECK(listener.has_value());
  std::unique_ptr<Client> client;
  size_t answered = 0;
  {
    const io::sim::RunningHost running(client_host);
    ClientOptions options = make_options((*listener)->port());
    options.budget = &budget;
    client = is_grpc ? make_grpc_client(*loop, options) : make_http_client(*loop, options);
    for (size_t at = 0; at < requests; ++at) {
      ClientRequest request;
      request.body = Rope(Bytes::copy_of("body"));
      request.deadline = loop->now() + 5s;
      client->send(std::move(request), [&answered](const ClientAnswer&) { ++answered; });
    }
  }
  account.set_budget(&budget);
  account.report_beyond(kOutsideBytes);
  world.run_for(6s);
  MILLRACE_CHECK(answered == requests);
  MILLRACE_CHECK(account.outside_peak() <= kOutsideBytes);
  MILLRACE_CHECK(account.take_unnamed().empty());
  client.reset();
}

// Returns the bytes still allocated on the heap.
size_t play_whole(millrace::testing::FuzzInput input) {
  Budget budget(8 << 20);
  millrace::testing::HeapAccount account(
      [] { return io::sim::RunningHost::number() == client_host; });
  play(input, budget, account);
  MILLRACE_CHECK(budget.used() == 0);
  return account.live_bytes();
}

}  // namespace
}  // namespace millrace::transport

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::transport;
  // What the first time makes for the whole process is not the client's; the second leaves nothing.
  MILLRACE_CHECK(play_whole({data, size}) == 0 || play_whole({data, size}) == 0);
  return 0;
}
