// A whole server connection under a scripted flood (testing/scripted_peer.h): whatever is sent and
// however little of the answers is read, it holds on the heap what the budget's terms have reserved
// and a constant beside them. Every allocation counts.
//
// The first byte chooses the options, the second how much the budget has; the rest is the script.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "io/sim/running_host.h"
#include "io/sim/world.h"
#include "memory/chunk_pool.h"
#include "memory/testing/heap_account.h"
#include "transport/server/server.h"
#include "transport/testing/scripted_peer.h"

namespace millrace::transport {
namespace {

// Of one connection, beside what it has reserved, and of the server that has accepted it.
constexpr size_t kOutsideBytes = 128 * 1024;

struct SilentObserver final : ServerObserver {
  void on_rejected(Protocol, std::optional<Signal>, std::string_view, std::string_view,
                   std::string_view) override {}
  void on_connections(int) override {}
};

// Answers some at once, refuses others, and lets the rest wait.
struct MixedHandler final : RequestHandler {
  void on_request(Request, Exchange exchange) override {
    ++count;
    if (lets_wait && count % 4 == 3 && waiting.size() < 64) {
      waiting.push_back(std::move(exchange));
      return;
    }
    Reply reply;
    if (count % 4 == 1) {
      reply = {.code = Code::kUnavailable, .message = "not now", .retry_after = 1s};
    }
    exchange.reply(reply);
  }
  bool lets_wait = true;
  size_t count = 0;
  std::vector<Exchange> waiting;
};

constinit size_t server_host = io::sim::kNoHost;

std::array<std::string, 4> make_heads() {
  using testing::hpack_field;
  const auto head = [](std::string_view method, std::string_view path, std::string_view type) {
    return hpack_field(":method", method) + hpack_field(":scheme", "http") +
           hpack_field(":path", path) + hpack_field(":authority", "x") +
           hpack_field("content-type", type) + hpack_field("te", "trailers");
  };
  return {head("POST", "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
               "application/grpc"),
          head("POST", "/v1/logs", "application/x-protobuf"), head("GET", "/page", "text/plain"),
          head("POST", "/nowhere", "application/grpc")};
}

ServerOptions make_options(uint8_t choices, MixedHandler& handler) {
  ServerOptions options;
  options.serves_grpc = (choices & 1) == 0;
  options.serves_http = (choices & 2) == 0;
  options.grpc_message_bytes_max = 1 << 20;
  options.http_body_bytes_max = 1 << 20;
  options.header_bytes_max = 16 << 10;
  options.include_metadata = (choices & 4) != 0;
  options.page_routes.push_back(
      {"/page", [](const PageRequest&) { return PageReply{.body = std::string(10'000, 'p')}; }});
  for (const Signal signal : kSignals) {
    options.otlp_routes.push_back({signal, "/v1/" + std::string(signal_name(signal)), &handler});
  }
  return options;
}

void play(millrace::testing::FuzzInput input, Budget& budget,
          millrace::testing::HeapAccount& account) {
  static const std::array<std::string, 4> kHeads = make_heads();
  const uint8_t choices = input.byte();
  // The kernel's buffers are kept small, so that the server holds the bytes that are not read.
  io::sim::World world(1, {.buffer_bytes = 16 << 10});
  server_host = world.host_number("collector");
  auto loop = world.make_loop("collector");
  auto client = world.make_loop("client");
  SilentObserver observer;
  MixedHandler handler;
  std::unique_ptr<ChunkPool> pool;
  std::unique_ptr<Server> server;
  uint16_t port = 0;
  {
    const io::sim::RunningHost running(server_host);
    pool = std::make_unique<ChunkPool>(budget, 0);
    server = make_server(*loop, *pool, make_options(choices, handler), observer);
    const auto listening = server->listen({.host = "collector"});
    MILLRACE_CHECK(listening.has_value());
    port = *listening;
  }
  const size_t before = account.live_bytes();
  account.set_budget(&budget);
  account.reset_outside_peak();
  account.report_beyond(before + kOutsideBytes);
  io::ConnectOptions connect;
  connect.address.text = world.host_address("collector") + ":" + std::to_string(port);
  const bool is_http2 = (choices & 8) == 0;
  {
    testing::ScriptedPeer peer(
        *client, client->connect(connect), input, kHeads,
        is_http2 ? "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + testing::http2_frame(4, 0, 0, {})
                 : std::string());
    world.run_until([&] { return peer.done(); }, 20s);
    handler.lets_wait = false;
    handler.waiting.clear();
    world.run_for(10ms);
  }
  MILLRACE_CHECK(world.run_until([&] { return server->connection_count() == 0; }, 10min));
  MILLRACE_CHECK(account.outside_peak() <= before + kOutsideBytes);
  MILLRACE_CHECK(account.take_unnamed().empty());
  server.reset();
  pool.reset();
}

// Returns the bytes still allocated on the heap.
size_t play_whole(millrace::testing::FuzzInput input) {
  Budget budget(size_t{1} << (18 + input.choice(7)));
  millrace::testing::HeapAccount account(
      [] { return io::sim::RunningHost::number() == server_host; });
  play(input, budget, account);
  MILLRACE_CHECK(budget.used() == 0);
  return account.live_bytes();
}

}  // namespace
}  // namespace millrace::transport

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::transport;
  // What the first time makes for the whole process is not the connection's; the second leaves
  // nothing.
  MILLRACE_CHECK(play_whole({data, size}) == 0 || play_whole({data, size}) == 0);
  return 0;
}
