// The contract of loop.h and stream.h, tested for both implementations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/testing/loop_pair.h"
#include "io/testing/stream_probe.h"

namespace millrace::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::LoopPair;
using testing::StreamProbe;

class LoopContractTest : public ::testing::TestWithParam<std::unique_ptr<LoopPair> (*)()> {
 protected:
  // Listens; accepted streams become probes.
  uint16_t listen(bool echoes, ListenOptions options = {}) {
    options.host = pair->server_ip();
    listener = *pair->server().listen(options, [this, echoes](std::unique_ptr<Stream> stream) {
      accepted.push_back(std::make_unique<StreamProbe>(std::move(stream)));
      accepted.back()->echoes = echoes;
    });
    return listener->port();
  }
  std::unique_ptr<StreamProbe> connect(uint16_t port) {
    ConnectOptions options;
    options.address = pair->server_address(port);
    return std::make_unique<StreamProbe>(pair->client().connect(options));
  }
  // A connection with a probe at both ends.
  std::unique_ptr<StreamProbe> connect_to_probe() {
    auto probe = connect(listen(false));
    EXPECT_TRUE(pair->run_until([&] { return probe->connected && !accepted.empty(); }));
    return probe;
  }

  std::unique_ptr<LoopPair> pair = GetParam()();
  std::unique_ptr<Listener> listener;
  std::vector<std::unique_ptr<StreamProbe>> accepted;
};

std::string pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 2654435761u >> 13);
  return text;
}

TEST_P(LoopContractTest, EverythingIsEchoedAndThenTheEnd) {
  auto probe = connect(listen(true));
  const std::string sent = pattern(4 << 20);
  probe->to_send = sent;
  probe->finish();
  ASSERT_TRUE(pair->run_until([&] { return probe->over(); }));
  EXPECT_TRUE(probe->ended);
  EXPECT_EQ(probe->received.size(), sent.size());
  EXPECT_TRUE(probe->received == sent);
}

TEST_P(LoopContractTest, HalfClosedStreamStillReceives) {
  auto probe = connect_to_probe();
  probe->finish();
  ASSERT_TRUE(pair->run_until([&] { return accepted[0]->ended; }));
  accepted[0]->send("late words");
  accepted[0]->finish();
  ASSERT_TRUE(pair->run_until([&] { return probe->ended; }));
  EXPECT_EQ(probe->received, "late words");
}

TEST_P(LoopContractTest, BothSidesFinishedIsNotAFailure) {
  auto probe = connect_to_probe();
  probe->finish();
  accepted[0]->finish();
  ASSERT_TRUE(pair->run_until([&] { return probe->ended && accepted[0]->ended; }));
  pair->run_for(20ms);
  EXPECT_EQ(probe->failed_calls + accepted[0]->failed_calls, 0);
}

TEST_P(LoopContractTest, CloseDeliversWrittenBytes) {
  auto probe = connect_to_probe();
  probe->send("the last words");
  ASSERT_TRUE(probe->to_send.empty());
  probe->close();
  ASSERT_TRUE(pair->run_until([&] { return accepted[0]->over(); }));
  EXPECT_TRUE(accepted[0]->ended);
  EXPECT_EQ(accepted[0]->received, "the last words");
}

TEST_P(LoopContractTest, CloseWithUnreadBytesResetsThePeer) {
  auto probe = connect_to_probe();
  accepted[0]->reads = false;
  accepted[0]->update_interest();
  probe->send("never read");
  pair->run_for(20ms);
  accepted[0]->close();
  ASSERT_TRUE(pair->run_until([&] { return probe->over(); }));
  EXPECT_TRUE(probe->broken || probe->failed_calls == 1);
  EXPECT_THAT(probe->failure, HasSubstr("onnection reset"));
}

TEST_P(LoopContractTest, ResetWithoutInterestIsReportedByOnFailed) {
  auto probe = connect_to_probe();
  probe->reads = false;
  probe->update_interest();  // there is nothing to send
  accepted[0]->reads = false;
  accepted[0]->update_interest();
  probe->send("x");
  pair->run_for(20ms);
  accepted[0]->close();
  ASSERT_TRUE(pair->run_until([&] { return probe->failed_calls > 0; }));
  EXPECT_THAT(probe->failure, HasSubstr("onnection reset"));
  pair->run_for(20ms);
  EXPECT_EQ(probe->failed_calls, 1);
}

TEST_P(LoopContractTest, RefusedConnectionFails) {
  const uint16_t port = listen(false);
  listener.reset();
  auto probe = connect(port);
  ASSERT_TRUE(pair->run_until([&] { return probe->over(); }));
  EXPECT_EQ(probe->failed_calls, 1);
  EXPECT_FALSE(probe->connected);
  EXPECT_THAT(probe->failure, HasSubstr("onnection refused"));
  EXPECT_THAT(probe->failure, HasSubstr(pair->server_address(port).text));
}

TEST_P(LoopContractTest, NonsenseAddressFailsThroughTheHandler) {
  ConnectOptions options;
  options.address = Address{"no address at all"};
  StreamProbe probe(pair->client().connect(options));
  EXPECT_EQ(probe.failed_calls, 0);
  ASSERT_TRUE(pair->run_until([&] { return probe.over(); }));
  EXPECT_EQ(probe.failed_calls, 1);
}

TEST_P(LoopContractTest, SmallReadsAreCalledAgain) {
  auto probe = connect_to_probe();
  accepted[0]->read_bytes_max = 7;
  const std::string sent = pattern(1000);
  probe->send(sent);
  ASSERT_TRUE(pair->run_until([&] { return accepted[0]->received.size() == sent.size(); }));
  EXPECT_EQ(accepted[0]->received, sent);
  EXPECT_GE(accepted[0]->ready_calls, 1000 / 7);
}

TEST_P(LoopContractTest, PausedReaderStopsTheWriterAndLosesNothing) {
  auto probe = connect_to_probe();
  accepted[0]->reads = false;
  accepted[0]->update_interest();
  const std::string sent = pattern(32 << 20);
  probe->send(sent);
  pair->run_for(20ms);
  EXPECT_FALSE(probe->to_send.empty());
  EXPECT_EQ(accepted[0]->received.size(), 0u);
  // Some progress is sufficient here: the writer continues.
  const size_t left = probe->to_send.size();
  accepted[0]->reads = true;
  accepted[0]->update_interest();
  ASSERT_TRUE(pair->run_until([&] { return probe->to_send.size() < left; }));
  EXPECT_EQ(sent.compare(0, accepted[0]->received.size(), accepted[0]->received), 0);
}

TEST_P(LoopContractTest, IdleHandlerIsNotCalled) {
  auto probe = connect_to_probe();
  pair->run_for(20ms);
  const int calls = probe->ready_calls;
  pair->run_for(20ms);
  EXPECT_EQ(probe->ready_calls, calls);
}

TEST_P(LoopContractTest, GatheredPiecesArriveInOrder) {
  auto probe = connect_to_probe();
  std::vector<std::string> parts;
  for (int i = 0; i < 100; ++i) parts.push_back(std::to_string(i) + ",");
  std::string whole;
  std::vector<iovec> pieces;
  for (std::string& part : parts) {
    whole += part;
    pieces.push_back({part.data(), part.size()});
  }
  const IoResult result = probe->stream->write(pieces);
  ASSERT_EQ(result.outcome, IoOutcome::kOk);
  ASSERT_TRUE(pair->run_until([&] { return accepted[0]->received.size() == result.count; }));
  EXPECT_EQ(accepted[0]->received, whole.substr(0, result.count));
}

TEST_P(LoopContractTest, AddressesAreThoseOfThePeer) {
  auto probe = connect_to_probe();
  EXPECT_EQ(probe->stream->peer_address(), pair->server_address(listener->port()).text);
  EXPECT_EQ(probe->stream->local_address(), accepted[0]->stream->peer_address());
  EXPECT_EQ(probe->stream->peer_address(), accepted[0]->stream->local_address());
}

TEST_P(LoopContractTest, PausedListenerAcceptsLater) {
  const uint16_t port = listen(true);
  listener->pause();
  auto probe = connect(port);
  probe->send("hello");
  pair->run_for(20ms);
  EXPECT_TRUE(accepted.empty());
  listener->resume();
  ASSERT_TRUE(pair->run_until([&] { return probe->received == "hello"; }));
}

TEST_P(LoopContractTest, ListenerMayBeDestroyedWhileAccepting) {
  ListenOptions options;
  options.host = pair->server_ip();
  int count = 0;
  listener = *pair->server().listen(options, [&](std::unique_ptr<Stream>) {
    ++count;
    listener.reset();
  });
  const uint16_t port = listener->port();
  auto one = connect(port);
  auto two = connect(port);
  ASSERT_TRUE(pair->run_until([&] { return one->over() && two->over(); }));
  EXPECT_EQ(count, 1);
}

TEST_P(LoopContractTest, PortsInUseAreRefused) {
  ListenOptions options;
  options.port = listen(false);
  options.host = pair->server_ip();
  auto second = pair->server().listen(options, [](auto) {});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("in use"));
}

TEST_P(LoopContractTest, TimersFireInOrderOfTheirTimes) {
  std::vector<int> fired;
  Loop& loop = pair->server();
  auto late = loop.make_timer([&] { fired.push_back(3); });
  auto early = loop.make_timer([&] { fired.push_back(1); });
  auto middle = loop.make_timer([&] { fired.push_back(2); });
  auto never = loop.make_timer([&] { fired.push_back(9); });
  late->arm_at(loop.now() + 5ms);
  early->arm_at(loop.now() + 1ms);
  middle->arm_at(loop.now() + 3ms);
  never->arm_at(loop.now() + 2ms);
  never->disarm();
  EXPECT_TRUE(late->armed());
  EXPECT_FALSE(never->armed());
  ASSERT_TRUE(pair->run_until([&] { return !late->armed(); }));
  EXPECT_THAT(fired, ElementsAre(1, 2, 3));
}

TEST_P(LoopContractTest, PushedBackTimerFiresOnceAndNotBefore) {
  Loop& loop = pair->server();
  MonotonicTime fired{};
  int count = 0;
  auto timer = loop.make_timer([&] {
    ++count;
    fired = loop.now();
  });
  const MonotonicTime due = loop.now() + 10ms;
  timer->arm_at(loop.now() + 1ms);
  timer->arm_at(due);
  ASSERT_TRUE(pair->run_until([&] { return count > 0; }));
  pair->run_for(5ms);
  EXPECT_EQ(count, 1);
  EXPECT_GE(fired, due);
}

TEST_P(LoopContractTest, TimerMayArmOrDestroyItselfWhileItFires) {
  Loop& loop = pair->server();
  std::unique_ptr<Timer> timer;
  int count = 0;
  auto owned = std::make_unique<int>(7);
  timer = loop.make_timer([&, owned = std::move(owned)] {
    if (++count < 3) return timer->arm_at(loop.now());
    timer.reset();
    EXPECT_EQ(*owned, 7);  // the task outlives its timer while it runs
  });
  timer->arm_at(loop.now());
  ASSERT_TRUE(pair->run_until([&] { return !timer; }));
  EXPECT_EQ(count, 3);
}

// Counts its destruction and posts once more from its destructor.
struct PostsAtItsEnd {
  Loop* loop;
  std::shared_ptr<int> ended;
  ~PostsAtItsEnd() {
    if (++*ended < 3) {
      loop->post([last = std::make_unique<PostsAtItsEnd>(loop, ended)] { FAIL() << "it ran"; });
    }
  }
};

TEST_P(LoopContractTest, DroppedTasksEndUnrunAndSoDoThoseThatTheyPost) {
  Loop& loop = pair->client();
  const auto ended = std::make_shared<int>(0);
  loop.post([first = std::make_unique<PostsAtItsEnd>(&loop, ended)] { FAIL() << "it ran"; });
  loop.defer([ended] { FAIL() << "it ran"; });
  loop.drop_tasks();
  EXPECT_EQ(*ended, 3);
  EXPECT_EQ(ended.use_count(), 1);
  pair->run_for(1ms);
}

TEST_P(LoopContractTest, PostedTasksRunInOrderInAComingTurn) {
  std::vector<int> ran;
  Loop& loop = pair->server();
  loop.post([&] {
    ran.push_back(1);
    loop.post([&] { ran.push_back(4); });
    ran.push_back(2);
  });
  loop.post([&] { ran.push_back(3); });
  EXPECT_TRUE(ran.empty());
  ASSERT_TRUE(pair->run_until([&] { return ran.size() == 4; }));
  EXPECT_THAT(ran, ElementsAre(1, 2, 3, 4));
}

TEST_P(LoopContractTest, DeferredTasksRunAtTheEndOfTheTurn) {
  std::vector<std::string> ran;
  Loop& loop = pair->server();
  loop.post([&] {
    loop.defer([&] { ran.push_back("deferred"); });
    loop.post([&] { ran.push_back("next turn"); });
    ran.push_back("posted");
  });
  loop.post([&] { ran.push_back("posted too"); });
  ASSERT_TRUE(pair->run_until([&] { return ran.size() == 4; }));
  EXPECT_THAT(ran, ElementsAre("posted", "posted too", "deferred", "next turn"));
}

TEST_P(LoopContractTest, NamesAreResolvedWithThePort) {
  std::vector<Address> found;
  auto resolution = pair->client().resolve(
      pair->server_host(), 4317, [&](Result<std::vector<Address>> result) { found = *result; });
  EXPECT_TRUE(found.empty());
  ASSERT_TRUE(pair->run_until([&] { return !found.empty(); }));
  EXPECT_THAT(found, ::testing::Contains(pair->server_address(4317)));
}

TEST_P(LoopContractTest, AddressesResolveToThemselves) {
  std::vector<Address> found;
  auto resolution = pair->client().resolve(
      "::1", 80, [&](Result<std::vector<Address>> result) { found = *result; });
  ASSERT_TRUE(pair->run_until([&] { return !found.empty(); }));
  EXPECT_THAT(found, ElementsAre(Address{"[::1]:80"}));
}

TEST_P(LoopContractTest, UnknownNameIsReported) {
  std::string error;
  auto resolution = pair->client().resolve(
      "name.invalid", 80, [&](Result<std::vector<Address>> r) { error = r.error().message; });
  ASSERT_TRUE(pair->run_until([&] { return !error.empty(); }));
  EXPECT_THAT(error, HasSubstr("\"name.invalid\""));
}

TEST_P(LoopContractTest, CancelledResolutionIsNotCalled) {
  bool called = false, other_called = false;
  auto one = pair->client().resolve(pair->server_host(), 1, [&](auto) { called = true; });
  auto two = pair->client().resolve(pair->server_host(), 1, [&](auto) { other_called = true; });
  one.reset();
  ASSERT_TRUE(pair->run_until([&] { return other_called; }));
  pair->run_for(10ms);
  EXPECT_FALSE(called);
}

TEST_P(LoopContractTest, ResolutionMayBeDestroyedInItsOwnCall) {
  std::unique_ptr<Loop::Resolution> resolution;
  bool called = false;
  resolution = pair->client().resolve(pair->server_host(), 1, [&](auto) {
    resolution.reset();
    called = true;
  });
  EXPECT_TRUE(pair->run_until([&] { return called; }));
}

TEST_P(LoopContractTest, StreamsMayDestroyEachOtherInTheirHandlers) {
  const uint16_t port = listen(false);
  std::vector<std::unique_ptr<StreamProbe>> probes;
  for (int i = 0; i < 20; ++i) probes.push_back(connect(port));
  ASSERT_TRUE(pair->run_until([&] { return accepted.size() == 20; }));
  struct Destroyer final : StreamHandler {
    void on_ready(Interest) override { streams->clear(); }
    void on_failed(const Error&) override {}
    std::vector<std::unique_ptr<Stream>>* streams = nullptr;
  } destroyer;
  std::vector<std::unique_ptr<Stream>> streams;
  destroyer.streams = &streams;
  for (auto& probe : accepted) {
    streams.push_back(std::move(probe->stream));
    streams.back()->set_handler(&destroyer);
    streams.back()->set_interest(Interest::kReadWrite);
  }
  EXPECT_TRUE(pair->run_until([&] { return streams.empty(); }));
  pair->run_for(5ms);
}

INSTANTIATE_TEST_SUITE_P(Sim, LoopContractTest, ::testing::Values(&testing::make_sim_pair));
INSTANTIATE_TEST_SUITE_P(Epoll, LoopContractTest, ::testing::Values(&testing::make_epoll_pair));

}  // namespace
}  // namespace millrace::io
