// A whole server connection under hostile bytes: both protocols, every cut, both ports' options.
// The first byte chooses the options, the second the size of the pieces; the rest is sent.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "io/sim/world.h"
#include "memory/chunk_pool.h"
#include "transport/server/server.h"

namespace millrace::transport {
namespace {

struct SilentObserver final : ServerObserver {
  void on_rejected(Protocol, std::optional<Signal>, std::string_view reason, std::string_view,
                   std::string_view) override {
    MILLRACE_CHECK(!reason.empty());
  }
  void on_connections(int change) override { connections += change; }
  int connections = 0;
};

// Touches every byte of a body and what is guaranteed to be readable behind it.
struct ReadingHandler final : RequestHandler {
  void on_request(Request request, Exchange exchange) override {
    for (const uint8_t byte : request.body.view()) sum += byte;
    exchange.reply(Reply());
  }
  uint64_t sum = 0;
};

struct Sender final : io::StreamHandler {
  void on_ready(io::Interest) override {
    uint8_t buffer[4096];
    if (stream->read(buffer).outcome >= io::IoOutcome::kEnd) ended = true;
    while (!ended && !bytes.empty()) {
      const iovec piece{const_cast<char*>(bytes.data()), std::min(bytes.size(), piece_size)};
      const auto result = stream->write({&piece, 1});
      if (result.outcome != io::IoOutcome::kOk) break;
      bytes.remove_prefix(result.count);
    }
    const bool writes = !ended && !bytes.empty();
    stream->set_interest(ended    ? io::Interest::kNone
                         : writes ? io::Interest::kReadWrite
                                  : io::Interest::kRead);
  }
  void on_failed(const Error&) override { ended = true; }
  std::unique_ptr<io::Stream> stream;
  std::string_view bytes;
  size_t piece_size = 1;
  bool ended = false;
};

}  // namespace
}  // namespace millrace::transport

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  using namespace millrace::transport;
  if (size < 2) return 0;
  Budget budget(8 << 20);
  {
    ChunkPool pool(budget, 0);
    io::sim::World world(1);
    auto loop = world.make_loop("collector");
    auto client = world.make_loop("client");
    SilentObserver observer;
    ReadingHandler handler;
    ServerOptions options;
    options.serves_grpc = (data[0] & 1) == 0;
    options.serves_http = (data[0] & 2) == 0;
    options.grpc_message_bytes_max = 1 << 20;
    options.http_body_bytes_max = 1 << 20;
    options.header_bytes_max = 4096;
    options.include_metadata = (data[0] & 4) != 0;
    for (const Signal signal : kSignals) {
      options.otlp_routes.push_back({signal, "/v1/" + std::string(signal_name(signal)), &handler});
    }
    auto server = make_server(*loop, pool, options, observer);
    io::ListenOptions where;
    where.host = "collector";
    const auto port = server->listen(where);
    MILLRACE_CHECK(port.has_value());
    Sender sender;
    sender.piece_size = size_t{1} << (data[1] % 12);
    sender.bytes = {reinterpret_cast<const char*>(data) + 2, size - 2};
    io::ConnectOptions connect;
    connect.address.text = world.host_address("collector") + ":" + std::to_string(*port);
    sender.stream = client->connect(connect);
    sender.stream->set_handler(&sender);
    sender.stream->set_interest(io::Interest::kReadWrite);
    world.run_until([&] { return sender.ended || sender.bytes.empty(); }, 10s);
    world.run_for(10ms);
    sender.stream.reset();
    // A peer that goes away leaves nothing behind.
    MILLRACE_CHECK(world.run_until([&] { return server->connection_count() == 0; }, 10min));
    MILLRACE_CHECK(observer.connections == 0);
  }
  MILLRACE_CHECK(budget.used() == 0);
  return 0;
}
