// After any outage the next request of a sender is delivered: the connection's own back-off does
// not outlive the sender's.
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/sim/world.h"
#include "io/testing/stream_probe.h"
#include "transport/client/client.h"
#include "transport/testing/scripted_http2_server.h"

namespace millrace::transport {
namespace {

using io::testing::StreamProbe;
using testing::ScriptedHttp2Server;
using Kind = ClientAnswer::Kind;

enum class Protocol : uint8_t { kGrpc, kHttp };

class ClientRecoveryTest : public ::testing::TestWithParam<Protocol> {
 protected:
  ClientRecoveryTest() : client_loop_(world_.make_loop("client")) {
    options_.host = "name";
    options_.port = 4317;
    for (std::string& path : options_.paths) path = "/";
    move_to("first");
    make_client();
  }
  ~ClientRecoveryTest() override {
    client_.reset();
    stop();
  }

  void make_client() {
    client_.reset();
    client_ = GetParam() == Protocol::kGrpc ? make_grpc_client(*client_loop_, options_)
                                            : make_http_client(*client_loop_, options_);
  }
  void move_to(const std::string& host) {
    server_loop_ = world_.make_loop(host);
    world_.set_name("name", {host});
  }
  void start() {
    if (GetParam() == Protocol::kGrpc) {
      grpc_ = std::make_unique<ScriptedHttp2Server>(
          *server_loop_, [](ScriptedHttp2Server::Request& request) { request.answer_grpc(""); });
      grpc_->listen(4317);
      return;
    }
    listener_ = *server_loop_->listen(
        {.host = "", .port = 4317}, [this](std::unique_ptr<io::Stream> stream) {
          probes_.push_back(std::make_unique<StreamProbe>(std::move(stream)));
          world_.after(5ms, [probe = probes_.back().get()] {
            probe->send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
          });
        });
  }
  void stop() {
    if (grpc_) grpc_->stop();
    grpc_.reset();
    listener_.reset();
    for (const auto& probe : probes_) probe->close();
  }
  ClientAnswer ask() {
    auto answer = std::make_shared<std::optional<ClientAnswer>>();
    ClientRequest request;
    request.body = Rope(Bytes::copy_of("x"));
    request.deadline = client_loop_->now() + 5s;
    client_->send(std::move(request), [answer](ClientAnswer got) { *answer = std::move(got); });
    EXPECT_TRUE(world_.run_until([&] { return answer->has_value(); }, 1min));
    return answer->value_or(ClientAnswer());
  }
  // A sender with a back-off of five seconds, as long as the outage lasts.
  void keep_asking(Duration outage) {
    const MonotonicTime end = world_.now() + outage;
    while (world_.now() < end) {
      const ClientAnswer answer = ask();
      EXPECT_NE(answer.kind, Kind::kAnswered);
      EXPECT_FALSE(answer.message.empty());
      world_.run_for(5s);
    }
  }

  io::sim::World world_{1};
  std::unique_ptr<io::Loop> server_loop_;
  std::unique_ptr<io::Loop> client_loop_;
  ClientOptions options_;
  std::unique_ptr<ScriptedHttp2Server> grpc_;
  std::unique_ptr<io::Listener> listener_;
  std::deque<std::unique_ptr<StreamProbe>> probes_;
  std::unique_ptr<Client> client_;
};

constexpr Duration kOutages[] = {20s, 80s, 150s, 1h};

TEST_P(ClientRecoveryTest, FirstRequestAfterAnOutageIsDelivered) {
  for (const Duration outage : kOutages) {
    start();
    EXPECT_EQ(ask().code, Code::kOk) << "after " << outage;
    stop();
    world_.run_for(1s);
    keep_asking(outage);
  }
}

TEST_P(ClientRecoveryTest, FirstRequestAfterTheNameHasMovedIsDelivered) {
  start();
  EXPECT_EQ(ask().code, Code::kOk);
  for (const Duration outage : kOutages) {
    stop();
    world_.run_for(1s);
    keep_asking(outage);
    move_to("host-" + std::to_string(outage.count()));
    start();
    EXPECT_EQ(ask().code, Code::kOk) << "after " << outage;
  }
}

TEST_P(ClientRecoveryTest, FirstRequestAfterTheNameIsThereIsDelivered) {
  for (const Duration outage : kOutages) {
    world_.set_name("name", {});
    make_client();
    keep_asking(outage);
    move_to("first");
    start();
    EXPECT_EQ(ask().code, Code::kOk) << "after " << outage;
    stop();
  }
}

// One of the two attempts ends the other, whose stream is ready already.
TEST_P(ClientRecoveryTest, AttemptsThatConnectInOneTurnLeaveOneConnection) {
  start();
  world_.partition("client", "first");
  for (int i = 0; i < 2; ++i) EXPECT_NE(ask().kind, Kind::kAnswered);
  // Turns take long, so that both attempts are ready in the first turn after the partition.
  io::sim::NetworkFaults slow_loop;
  slow_loop.loop_stall = 0.9;
  slow_loop.loop_stall_max = 500ms;
  world_.set_faults(slow_loop);
  world_.heal("client", "first");
  world_.run_for(2s);
  world_.set_faults({});
  EXPECT_EQ(ask().code, Code::kOk);
}

TEST_P(ClientRecoveryTest, PeerThatOnlyAcceptsIsTriedByEachRequestAndNotInALoop) {
  int accepted = 0;
  listener_ = *server_loop_->listen({.host = "", .port = 4317},
                                    [&](std::unique_ptr<io::Stream>) { ++accepted; });
  for (int i = 0; i < 20; ++i) {
    const int before = accepted;
    EXPECT_NE(ask().kind, Kind::kAnswered);
    EXPECT_GE(accepted, before + 1);
    EXPECT_LE(accepted, before + 3);
    world_.run_for(5s);
  }
}

TEST_P(ClientRecoveryTest, SenderWithoutBackOffDoesNotDialInALoop) {
  MonotonicTime end = world_.now() + 10s;
  int refused = 0;
  int asked = 0;
  for (; world_.now() < end; ++asked) {
    refused += ask().kind == Kind::kNotSent ? 1 : 0;
  }
  EXPECT_EQ(refused, asked);
  EXPECT_GE(asked, 20);
  EXPECT_LE(asked, 110) << "ten attempts a second";
}

INSTANTIATE_TEST_SUITE_P(Protocols, ClientRecoveryTest,
                         ::testing::Values(Protocol::kGrpc, Protocol::kHttp), [](const auto& info) {
                           return info.param == Protocol::kGrpc ? "Grpc" : "Http";
                         });

}  // namespace
}  // namespace millrace::transport
