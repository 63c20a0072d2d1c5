#include "io/sim/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/testing/stream_probe.h"

namespace millrace::io::sim {
namespace {

using io::testing::StreamProbe;

// An echo server on "server" and clients that each send `bytes` and expect them back.
struct EchoRun {
  EchoRun(uint64_t seed, const NetworkFaults& faults, size_t clients, size_t bytes)
      : world(seed, faults) {
    server = world.make_loop("server");
    client = world.make_loop("client");
    listener = *server->listen({.host = "", .port = 4317}, [this](std::unique_ptr<Stream> stream) {
      accepted.push_back(std::make_unique<StreamProbe>(std::move(stream)));
      accepted.back()->echoes = true;
    });
    for (size_t i = 0; i < clients; ++i) {
      for (size_t at = sent.size(); at < bytes; ++at) sent += static_cast<char>('a' + at % 26);
      probes.push_back(std::make_unique<StreamProbe>(
          client->connect({.address = {world.host_address("server") + ":4317"}})));
      probes.back()->to_send = sent;
      probes.back()->finish_when_sent = true;
    }
  }
  bool run() {
    return world.run_until(
        [this] {
          return std::all_of(probes.begin(), probes.end(), [](auto& p) { return p->over(); });
        },
        10min);
  }
  World world;
  std::unique_ptr<Loop> server, client;
  std::string sent;
  std::vector<std::unique_ptr<StreamProbe>> accepted, probes;
  std::unique_ptr<Listener> listener;
};

TEST(WorldTest, EveryByteComesBackWithoutFaults) {
  EchoRun run(1, {}, 3, 1 << 20);
  ASSERT_TRUE(run.run());
  for (const auto& probe : run.probes) {
    EXPECT_TRUE(probe->ended);
    EXPECT_EQ(probe->received, run.sent);
  }
}

TEST(WorldTest, SameSeedSameTrace) {
  EchoRun one(7, NetworkFaults::hostile(), 5, 50'000);
  EchoRun two(7, NetworkFaults::hostile(), 5, 50'000);
  EchoRun other(8, NetworkFaults::hostile(), 5, 50'000);
  ASSERT_TRUE(one.run());
  ASSERT_TRUE(two.run());
  ASSERT_TRUE(other.run());
  EXPECT_EQ(one.world.trace_hash(), two.world.trace_hash());
  EXPECT_NE(one.world.trace_hash(), other.world.trace_hash());
}

TEST(WorldTest, EveryKindOfFaultOccurs) {
  std::array<uint64_t, kFaultCount> total{};
  for (uint64_t seed = 0; seed < 40; ++seed) {
    EchoRun run(seed, NetworkFaults::hostile(), 8, 60'000);
    std::vector<std::unique_ptr<Loop::Resolution>> resolutions;
    for (int i = 0; i < 5; ++i) {
      resolutions.push_back(run.client->resolve("server", 1, [](auto) {}));
    }
    ASSERT_TRUE(run.run()) << seed;
    run.world.run_for(5s);
    for (const auto& probe : run.probes) {
      // Always a prefix: faults lose the end of a connection, never bytes in the middle.
      EXPECT_EQ(run.sent.compare(0, probe->received.size(), probe->received), 0) << seed;
      if (probe->ended) {
        EXPECT_EQ(probe->received.size(), run.sent.size()) << seed;
      }
    }
    for (size_t i = 0; i < kFaultCount; ++i) {
      total[i] += run.world.fault_count(static_cast<Fault>(i));
    }
  }
  for (size_t i = 0; i < kFaultCount; ++i) {
    EXPECT_GT(total[i], 0u) << fault_name(static_cast<Fault>(i));
  }
}

TEST(WorldTest, ConnectionsOfAClosedWorldAreForgotten) {
  EchoRun run(3, {}, 4, 1000);
  ASSERT_TRUE(run.run());
  EXPECT_EQ(run.world.open_connection_count(), 4u);
  run.probes.clear();
  run.accepted.clear();
  run.world.run_for(1min);
  EXPECT_EQ(run.world.open_connection_count(), 0u);
}

TEST(WorldTest, PartitionedDataIsLateAndNotLost) {
  EchoRun run(4, {}, 1, 5'000'000);
  run.world.run_for(1ms);
  run.world.partition("server", "client");
  EXPECT_FALSE(run.world.run_until([&] { return run.probes[0]->over(); }, 1min));
  run.world.heal("server", "client");
  ASSERT_TRUE(run.run());
  EXPECT_EQ(run.probes[0]->received, run.sent);
}

TEST(WorldTest, LongPartitionTimesConnectionsOut) {
  EchoRun run(4, {}, 1, 5'000'000);
  run.world.run_for(1ms);
  run.world.partition("server", "client");
  ASSERT_TRUE(run.world.run_until([&] { return run.probes[0]->over(); }, 11min));
  EXPECT_THAT(run.probes[0]->failure, ::testing::HasSubstr("timed out"));
}

TEST(WorldTest, AttemptDuringPartitionTimesOut) {
  World world(1);
  auto loop = world.make_loop("a");
  world.partition("a", "b");
  StreamProbe probe(loop->connect({.address = {world.host_address("b") + ":1"}}));
  ASSERT_TRUE(world.run_until([&] { return probe.failed_calls == 1; }, 1min));
  EXPECT_EQ(probe.failure, "connecting to 10.0.0.2:1: connection timed out");
}

TEST(WorldTest, SharedPortIsDealtBetweenLoops) {
  World world(5);
  auto client = world.make_loop("client");
  std::vector<std::unique_ptr<Loop>> workers;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<size_t> accepted(3);
  for (size_t i = 0; i < 3; ++i) {
    workers.push_back(world.make_loop("server"));
    listeners.push_back(*workers[i]->listen({.host = "", .port = 80, .share_port = true},
                                            [&accepted, i](auto) { ++accepted[i]; }));
  }
  EXPECT_FALSE(workers[0]->listen({.host = "", .port = 80}, [](auto) {}));
  std::vector<std::unique_ptr<StreamProbe>> probes;
  for (int i = 0; i < 60; ++i) {
    probes.push_back(std::make_unique<StreamProbe>(
        client->connect({.address = {world.host_address("server") + ":80"}})));
  }
  world.run_for(1s);
  EXPECT_EQ(accepted[0] + accepted[1] + accepted[2], 60u);
  for (const size_t count : accepted) EXPECT_GT(count, 5u);
}

TEST(WorldTest, NamesChangeAndFail) {
  World world(6);
  auto loop = world.make_loop("client");
  std::vector<Address> found;
  std::string error;
  auto look_up = [&](const std::string& name) {
    found.clear();
    error.clear();
    bool done = false;
    auto resolution = loop->resolve(name, 4317, [&](Result<std::vector<Address>> result) {
      done = true;
      if (result) {
        found = *result;
      } else {
        error = result.error().message;
      }
    });
    EXPECT_TRUE(world.run_until([&] { return done; }, 1s));
  };
  world.set_name("backend", {"sink-1", "sink-2", "192.0.2.9"});
  look_up("backend");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].text, world.host_address("sink-1") + ":4317");
  EXPECT_EQ(found[2].text, "192.0.2.9:4317");
  world.set_name("backend", {"sink-2"});
  look_up("backend");
  EXPECT_EQ(found.size(), 1u);
  world.set_name("backend", {});
  look_up("backend");
  EXPECT_THAT(error, ::testing::HasSubstr("no such host"));
}

TEST(WorldTest, WallClockJumpsAndTimeDoesNot) {
  World world(6);
  auto loop = world.make_loop("a");
  const WallTime wall = loop->wall_now();
  const MonotonicTime time = loop->now();
  world.jump_wall_clock(-1h);
  world.run_for(1s);
  EXPECT_EQ(loop->wall_now() - wall, 1s - 1h);
  EXPECT_EQ(loop->now() - time, 1s);
}

TEST(WorldTest, CrashedHostResetsItsConnections) {
  EchoRun run(9, {}, 2, 1'000'000);
  run.world.run_for(1ms);
  run.world.reset_connections("server");
  ASSERT_TRUE(run.run());
  for (const auto& probe : run.probes) EXPECT_TRUE(probe->broken || probe->failed_calls == 1);
}

TEST(WorldDeathTest, HandlerThatDoesNothingIsFound) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  struct Idle final : StreamHandler {
    void on_ready(Interest) override {}
    void on_failed(const Error&) override {}
  };
  EXPECT_DEATH(
      {
        World world(1);
        auto loop = world.make_loop("a");
        auto listener = *loop->listen({.host = "", .port = 80}, [](auto) {});
        auto stream = loop->connect({.address = {"127.0.0.1:80"}});
        Idle idle;
        stream->set_handler(&idle);
        stream->set_interest(Interest::kWrite);
        world.run_for(1min);
      },
      "idle_calls_");
}

TEST(WorldDeathTest, LoopOutlivedByItsTimerIsFound) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        World world(1);
        auto loop = world.make_loop("a");
        auto timer = loop->make_timer([] {});
        loop.reset();
      },
      "timer_count_");
}

}  // namespace
}  // namespace millrace::io::sim
