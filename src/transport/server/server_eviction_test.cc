// Where there is no place for another connection: which one makes way, which one does not, and what
// is counted.
#include <gtest/gtest.h>

#include <algorithm>

#include "transport/server/eviction_order.h"
#include "transport/server/server_connection.h"
#include "transport/server/server_test_support.h"

namespace millrace::transport {
namespace {

using testing::Http2Peer;
using testing::RawPeer;
using testing::ServerTest;

class ServerEvictionTest : public ServerTest {
 protected:
  // Connections of the client's host that have said one byte each.
  void flood(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      silent.push_back(raw());
      silent.back()->send("P");
    }
    world.run_for(1s);
  }
  // A connection of the client's host that has sent a whole request.
  std::unique_ptr<Http2Peer> proven() {
    auto peer = http2();
    EXPECT_EQ(answer_of(*peer, peer->grpc("x")).fields.at("grpc-status"), "0");
    return peer;
  }
  std::unique_ptr<Http2Peer> of_another_host() {
    return std::make_unique<Http2Peer>(*other_loop, address);
  }
  void expect_served(Http2Peer& peer) {
    const auto& fields = answer_of(peer, peer.grpc("x")).fields;
    ASSERT_TRUE(fields.contains("grpc-status")) << "no answer";
    EXPECT_EQ(fields.at("grpc-status"), "0");
  }
  int64_t counted(std::string_view reason) { return std::ranges::count(observer.reasons, reason); }
  std::unique_ptr<io::Loop> other_loop = world.make_loop("other");
  std::vector<std::unique_ptr<RawPeer>> silent;
};

TEST_F(ServerEvictionTest, ConnectionsOverTheLimitAreClosedAtOnce) {
  options.connections_max = 2;
  start();
  auto first = proven();
  auto second = proven();
  auto third = raw();
  ASSERT_TRUE(run_until([&] { return third->ended; }));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"too_many_connections"});
  expect_served(*second);
  first->peer.close();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 1; }));
  auto fourth = http2();
  expect_served(*fourth);
}

TEST_F(ServerEvictionTest, ConnectionsAreATermOfTheBudget) {
  start(5 * kConnectionBytes / 2);
  auto first = raw();
  auto second = http2();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 2; }));
  EXPECT_EQ(budget->used(MemoryTerm::kNewConnections), 2 * kConnectionBytes);
  auto third = raw();
  ASSERT_TRUE(run_until([&] { return !observer.reasons.empty(); }));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"evicted"});
  EXPECT_EQ(budget->used(), 2 * kConnectionBytes);
  first->close();
  second->peer.close();
  third->close();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }));
  EXPECT_EQ(budget->used(), 0u);
}

TEST_F(ServerEvictionTest, AWholeRequestMakesAConnectionAnOldOne) {
  start();
  auto peer = proven();
  EXPECT_EQ(budget->used(MemoryTerm::kNewConnections), 0u);
  EXPECT_EQ(budget->used(MemoryTerm::kConnections), kConnectionBytes);
  peer->peer.close();
  ASSERT_TRUE(run_until([&] { return server->connection_count() == 0; }));
  EXPECT_EQ(budget->used(MemoryTerm::kConnections), 0u);
}

TEST_F(ServerEvictionTest, ARequestForWhatIsNotServedProvesNothing) {
  start();
  auto peer = raw();
  peer->send("GET /nothing HTTP/1.1\r\nhost: c\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return peer->received.contains("404"); }));
  EXPECT_EQ(budget->used(MemoryTerm::kNewConnections), kConnectionBytes);
}

TEST_F(ServerEvictionTest, ConnectionsOfOneByteDoNotShutAnHonestSenderOut) {
  start(64 << 20, 40 * kConnectionBytes);
  flood(200);
  EXPECT_EQ(server->connection_count(), 40u);
  EXPECT_EQ(budget->used(MemoryTerm::kNewConnections), 40 * kConnectionBytes);
  EXPECT_EQ(counted("evicted"), 160);
  auto honest = of_another_host();
  flood(200);
  expect_served(*honest);
  EXPECT_EQ(counted("evicted"), static_cast<int64_t>(observer.reasons.size()));
}

TEST_F(ServerEvictionTest, AFullBudgetIsNoReasonToRefuseANewSender) {
  start(40 * kConnectionBytes);
  flood(60);
  EXPECT_EQ(server->connection_count(), 40u);
  auto honest = of_another_host();
  world.run_for(1s);
  EXPECT_EQ(counted("evicted"), 21);
  EXPECT_EQ(counted("memory"), 0);
}

TEST_F(ServerEvictionTest, NewConnectionsHaveAQuarterOfThePlaces) {
  options.connections_max = 100;
  start();
  flood(60);
  EXPECT_EQ(server->connection_count(), 25u);
  auto honest = proven();
  EXPECT_EQ(server->connection_count(), 25u) << "24 new ones and one that is not";
}

TEST_F(ServerEvictionTest, AnIdleConnectionMakesWayForAnotherPeer) {
  options.connections_max = 3;
  start();
  auto first = proven();
  auto second = proven();
  auto third = proven();
  world.run_for(2s);
  auto same = raw();
  ASSERT_TRUE(run_until([&] { return same->ended; }));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"too_many_connections"});
  auto honest = of_another_host();
  expect_served(*honest);
  EXPECT_EQ(observer.reasons.back(), "evicted_idle");
  EXPECT_EQ(server->connection_count(), 3u);
}

TEST_F(ServerEvictionTest, AConnectionWithARequestUnderWayDoesNotMakeWay) {
  options.connections_max = 2;
  handler.hold = true;
  start();
  std::vector<std::unique_ptr<Http2Peer>> busy;
  for (size_t i = 0; i < 2; ++i) {
    busy.push_back(http2());
    busy.back()->grpc("x");
    ASSERT_TRUE(run_until([&] { return handler.held.size() == i + 1; }));
  }
  world.run_for(2s);
  auto honest = of_another_host();
  ASSERT_TRUE(run_until([&] { return honest->peer.ended; }));
  EXPECT_EQ(observer.reasons, std::vector<std::string>{"too_many_connections"});
}

TEST_F(ServerEvictionTest, AFloodOfOnePortDoesNotShutAnother) {
  options.connections_max = 20;  // and 16 new ones
  options.eviction = std::make_shared<EvictionOrder>();
  start();
  auto flooded = std::move(server);
  server = make_server(*loop, *pool, options, observer);
  const auto port = server->listen({.host = "collector"});
  ASSERT_TRUE(port);
  flood(40);
  EXPECT_EQ(flooded->connection_count(), 16u);
  address = world.host_address("collector") + ":" + std::to_string(*port);
  auto honest = of_another_host();
  expect_served(*honest);
  EXPECT_EQ(flooded->connection_count(), 15u) << "one made way for it";
  honest.reset();
  silent.clear();
  flooded.reset();
}

}  // namespace
}  // namespace millrace::transport
