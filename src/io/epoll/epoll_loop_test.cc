// Behaviour of the kernel's loop alone: threads, descriptors, addresses of this machine.
#include "io/epoll/epoll_loop.h"

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include "io/testing/stream_probe.h"

namespace millrace::io {
namespace {

using testing::StreamProbe;

struct LoopUnderTest {
  explicit LoopUnderTest(EpollLoopOptions options = {}) : loop(std::move(options)) {
    EXPECT_TRUE(loop.open());
  }
  bool run_until(const std::function<bool()>& condition) {
    const MonotonicTime end = loop.now() + 1min;
    while (!condition()) {
      if (loop.now() > end) return false;
      loop.run_turn(1ms);
    }
    return true;
  }
  EpollLoop loop;
};

size_t open_descriptor_count() {
  size_t count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

// A folder of its own for the socket of a test.
struct UnixSocketPlace {
  UnixSocketPlace() { EXPECT_NE(::mkdtemp(folder.data()), nullptr); }
  ~UnixSocketPlace() {
    ::unlink(path().c_str());
    ::rmdir(folder.c_str());
  }
  std::string path() const { return folder + "/a.sock"; }
  std::string host() const { return "unix:" + path(); }
  bool exists() const { return ::access(path().c_str(), F_OK) == 0; }
  std::string folder = "/tmp/millrace_unix_XXXXXX";
};

TEST(EpollLoopTest, AUnixSocketCarriesAStreamAndIsRemovedAtTheEnd) {
  LoopUnderTest under;
  const UnixSocketPlace place;
  std::vector<std::unique_ptr<StreamProbe>> accepted;
  auto listener = *under.loop.listen({.host = place.host()}, [&](std::unique_ptr<Stream> stream) {
    accepted.push_back(std::make_unique<StreamProbe>(std::move(stream)));
    accepted.back()->echoes = true;
  });
  EXPECT_EQ(listener->port(), 0);
  std::optional<std::vector<Address>> addresses;
  const auto resolution = under.loop.resolve(
      place.host(), 4317, [&](Result<std::vector<Address>> found) { addresses = *found; });
  ASSERT_TRUE(under.run_until([&] { return addresses.has_value(); }));
  EXPECT_EQ((*addresses)[0].text, place.host());
  StreamProbe probe(under.loop.connect({.address = (*addresses)[0]}));
  probe.send("hello");
  EXPECT_TRUE(under.run_until([&] { return probe.received == "hello"; }));
  ASSERT_EQ(accepted.size(), 1u);
  EXPECT_EQ(accepted[0]->stream->peer_address(), place.host());
  EXPECT_EQ(probe.stream->peer_address(), place.host());
  listener.reset();
  EXPECT_FALSE(place.exists());
}

TEST(EpollLoopTest, AnAbandonedUnixSocketIsReplacedAndOneInUseIsNot) {
  LoopUnderTest under;
  const UnixSocketPlace place;
  const int abandoned = ::socket(AF_UNIX, SOCK_STREAM, 0);
  const SocketAddress address = *to_socket_address(place.host());
  ASSERT_EQ(::bind(abandoned, &address.any, address.size), 0);
  ::close(abandoned);
  ASSERT_TRUE(place.exists());
  const auto ignore = [](std::unique_ptr<Stream>) {};
  auto first = under.loop.listen({.host = place.host()}, ignore);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = under.loop.listen({.host = place.host()}, ignore);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kAlreadyExists);
  EXPECT_TRUE(place.exists());
  // A file is never removed.
  first->reset();
  ::close(::open(place.path().c_str(), O_CREAT | O_WRONLY, 0600));
  EXPECT_FALSE(under.loop.listen({.host = place.host()}, ignore));
  EXPECT_TRUE(place.exists());
  EXPECT_FALSE(under.loop.listen({.host = "unix:/" + std::string(108, 'x')}, ignore));
}

TEST(EpollLoopTest, PostsOfEightThreadsAllRunInTheirOrder) {
  auto loop = *make_epoll_loop();
  constexpr int kThreads = 8, kPosts = 2'000;
  std::vector<std::vector<int>> seen(kThreads);
  int total = 0;
  std::vector<std::thread> posters;
  for (int t = 0; t < kThreads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) {
        loop->post([&, t, i] {
          seen[static_cast<size_t>(t)].push_back(i);
          if (++total == kThreads * kPosts) loop->stop();
        });
        if (i % 100 == 0) std::this_thread::yield();
      }
    });
  }
  loop->run();
  for (std::thread& poster : posters) poster.join();
  for (const auto& order : seen) {
    ASSERT_EQ(order.size(), static_cast<size_t>(kPosts));
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  }
}

TEST(EpollLoopTest, TheClockMovesOnWithinATurnAndNowDoesNot) {
  LoopUnderTest test;
  bool ran = false;
  test.loop.post([&] {
    const MonotonicTime begin = test.loop.now();
    MonotonicTime before = test.loop.read_clock();
    EXPECT_GE(before, begin);
    while (test.loop.read_clock() == before) {
    }
    EXPECT_EQ(test.loop.now(), begin);
    ran = true;
  });
  EXPECT_TRUE(test.run_until([&] { return ran; }));
}

TEST(EpollLoopTest, StopFromAnotherThreadWakesASleepingLoop) {
  auto loop = *make_epoll_loop();
  std::thread runner([&] { loop->run(); });
  loop->stop();
  runner.join();
}

TEST(EpollLoopTest, LoopsPassWorkToEachOther) {
  auto one = *make_epoll_loop();
  auto two = *make_epoll_loop();
  int hops = 0;  // used by one thread at a time; the mailboxes order the accesses
  std::function<void()> hop = [&] {
    if (++hops == 2'000) {
      one->stop();
      two->stop();
      return;
    }
    (hops % 2 == 0 ? one : two)->post([&] { hop(); });
  };
  one->post([&] { hop(); });
  std::thread runner([&] { two->run(); });
  one->run();
  runner.join();
  EXPECT_EQ(hops, 2'000);
}

TEST(EpollLoopTest, TasksPostedAfterStopAreDestroyedUnrun) {
  auto token = std::make_shared<int>(0);
  auto loop = *make_epoll_loop();
  loop->stop();
  loop->run();
  bool ran = false;
  loop->post([token, &ran] { ran = true; });
  EXPECT_EQ(token.use_count(), 2);
  loop.reset();
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(ran);
}

TEST(EpollLoopTest, LocalhostListensOnBothFamilies) {
  LoopUnderTest test;
  ListenOptions options;
  options.host = "localhost";
  std::vector<std::unique_ptr<Stream>> accepted;
  auto listener = *test.loop.listen(
      options, [&](std::unique_ptr<Stream> stream) { accepted.push_back(std::move(stream)); });
  std::vector<std::string> hosts = {"127.0.0.1:"};
  if (const auto descriptor = open_listening_socket(*to_socket_address("[::1]:0"), {})) {
    ::close(*descriptor);
    hosts.push_back("[::1]:");
  }
  std::vector<std::unique_ptr<StreamProbe>> probes;
  for (const std::string& host : hosts) {
    ConnectOptions to;
    to.address = Address{host + std::to_string(listener->port())};
    probes.push_back(std::make_unique<StreamProbe>(test.loop.connect(to)));
  }
  ASSERT_TRUE(test.run_until([&] { return accepted.size() == hosts.size(); }));
}

TEST(EpollLoopTest, EmptyHostAcceptsIPv4AndShowsItAsSuch) {
  LoopUnderTest test;
  std::vector<std::unique_ptr<Stream>> accepted;
  auto listener = *test.loop.listen(
      {}, [&](std::unique_ptr<Stream> stream) { accepted.push_back(std::move(stream)); });
  ConnectOptions to;
  to.address = Address{"127.0.0.1:" + std::to_string(listener->port())};
  StreamProbe probe(test.loop.connect(to));
  ASSERT_TRUE(test.run_until([&] { return !accepted.empty(); }));
  EXPECT_EQ(accepted[0]->peer_address(), probe.stream->local_address());
  EXPECT_THAT(accepted[0]->peer_address(), ::testing::StartsWith("127.0.0.1:"));
}

// The queue of the listening socket is full: the kernel drops the request, and sends it again after
// a second.
TEST(EpollLoopTest, AConnectionIsReportedWhenItIsMade) {
  LoopUnderTest test;
  const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
  SocketAddress address = *to_socket_address("127.0.0.1:0");
  ASSERT_EQ(::bind(listening, &address.any, address.size), 0);
  ASSERT_EQ(::listen(listening, 0), 0);
  address.set_port(*bound_port(listening));
  const ConnectOptions to{.address = {to_text(address)}};
  StreamProbe queued(test.loop.connect(to));
  ASSERT_TRUE(test.run_until([&] { return queued.connected; }));
  StreamProbe waiting(test.loop.connect(to));
  for (int turns = 0; turns < 20; ++turns) test.loop.run_turn(1ms);
  EXPECT_EQ(waiting.ready_calls + waiting.failed_calls, 0);
  ::close(::accept(listening, nullptr, nullptr));
  EXPECT_TRUE(test.run_until([&] { return waiting.connected; }));
  ::close(listening);
}

TEST(EpollLoopTest, SeveralLoopsShareOnePort) {
  LoopUnderTest one, two;
  ListenOptions options;
  options.host = "127.0.0.1";
  options.share_port = true;
  int accepted = 0;
  const auto count = [&](std::unique_ptr<Stream>) { ++accepted; };
  auto first = *one.loop.listen(options, count);
  options.port = first->port();
  auto second = two.loop.listen(options, count);
  ASSERT_TRUE(second);
  std::vector<std::unique_ptr<StreamProbe>> probes;
  for (int i = 0; i < 40; ++i) {
    ConnectOptions to;
    to.address = Address{"127.0.0.1:" + std::to_string(options.port)};
    probes.push_back(std::make_unique<StreamProbe>(one.loop.connect(to)));
  }
  EXPECT_TRUE(one.run_until([&] {
    two.loop.run_turn(0ns);
    return accepted == 40;
  }));
}

TEST(EpollLoopTest, RunningOutOfDescriptorsSuspendsAccepting) {
  std::vector<std::string> troubles;
  EpollLoopOptions loop_options;
  loop_options.on_trouble = [&](std::string_view what, const Error& error) {
    troubles.push_back(std::string(what) + ": " + error.message);
  };
  LoopUnderTest test(std::move(loop_options));
  ListenOptions options;
  options.host = "127.0.0.1";
  std::vector<std::unique_ptr<Stream>> accepted;
  auto listener = *test.loop.listen(
      options, [&](std::unique_ptr<Stream> stream) { accepted.push_back(std::move(stream)); });
  ConnectOptions to;
  to.address = Address{"127.0.0.1:" + std::to_string(listener->port())};
  StreamProbe probe(test.loop.connect(to));
  ASSERT_TRUE(test.run_until([&] { return accepted.size() == 1; }));
  StreamProbe late(test.loop.connect(to));
  auto timer = test.loop.make_timer([] {});
  timer->arm_at(test.loop.now());
  // Uses up all descriptors and then frees one. The sanitizers' checks that open a descriptor on
  // first use have run above.
  rlimit old{};
  ::getrlimit(RLIMIT_NOFILE, &old);
  rlimit tight = old;
  const int lowest_free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(lowest_free);
  tight.rlim_cur = static_cast<rlim_t>(lowest_free);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  const bool suspended = test.run_until([&] { return !troubles.empty(); });
  int turns = 0;
  for (; turns < 20; ++turns) test.loop.run_turn(1ms);
  ::setrlimit(RLIMIT_NOFILE, &old);
  ASSERT_TRUE(suspended);
  EXPECT_EQ(troubles.size(), 1u);  // the loop does not spin
  EXPECT_THAT(troubles[0], ::testing::HasSubstr("accept suspended"));
  EXPECT_TRUE(test.run_until([&] { return accepted.size() == 2; }));
}

TEST(EpollLoopTest, EverythingIsClosedAtTheEnd) {
  const size_t before = open_descriptor_count();
  {
    LoopUnderTest test;
    ListenOptions options;
    options.host = "localhost";
    std::vector<std::unique_ptr<Stream>> accepted;
    auto listener = *test.loop.listen(
        options, [&](std::unique_ptr<Stream> stream) { accepted.push_back(std::move(stream)); });
    ConnectOptions to;
    to.address = Address{"127.0.0.1:" + std::to_string(listener->port())};
    StreamProbe probe(test.loop.connect(to));
    ASSERT_TRUE(test.run_until([&] { return accepted.size() == 1; }));
  }
  EXPECT_EQ(open_descriptor_count(), before);
}

TEST(EpollLoopTest, LateAnswerOfTheResolverIsIgnoredAfterTheLoop) {
  auto resolver = std::make_shared<Resolver>();
  for (int i = 0; i < 20; ++i) {
    EpollLoopOptions options;
    options.resolver = resolver;
    auto loop = *make_epoll_loop(std::move(options));
    auto resolution = loop->resolve("localhost", 1, [](auto) { FAIL(); });
    resolution.reset();
    loop.reset();
  }
}

TEST(EpollLoopTest, ConnectionsOfOneAddressArePlacedOnTwoLoops) {
  LoopUnderTest first, second;
  const auto placement = std::make_shared<Placement>();
  std::vector<std::unique_ptr<Stream>> by_first, by_second;
  const ListenOptions where{.host = "127.0.0.1", .share_port = true, .placement = placement};
  auto accepting = *first.loop.listen(
      where, [&](std::unique_ptr<Stream> stream) { by_first.push_back(std::move(stream)); });
  ListenOptions same = where;
  same.port = accepting->port();
  auto joined = *second.loop.listen(
      same, [&](std::unique_ptr<Stream> stream) { by_second.push_back(std::move(stream)); });
  std::vector<std::unique_ptr<Stream>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(
        first.loop.connect({.address = {"127.0.0.1:" + std::to_string(accepting->port())}}));
  }
  ASSERT_TRUE(first.run_until([&] {
    second.loop.run_turn(1ms);
    return by_first.size() + by_second.size() == 4;
  }));
  EXPECT_EQ(by_first.size(), 2u);
  EXPECT_EQ(by_second.size(), 2u);
  EXPECT_EQ(by_second[0]->peer_address(), clients[1]->local_address());
}

TEST(EpollLoopTest, SecondOwnerOfAPlacedAddressIsRefused) {
  LoopUnderTest loop;
  const ListenOptions where{
      .host = "127.0.0.1", .share_port = true, .placement = std::make_shared<Placement>()};
  auto listener = *loop.loop.listen(where, [](std::unique_ptr<Stream>) {});
  ListenOptions other = where;
  other.port = listener->port();
  other.placement = std::make_shared<Placement>();  // as in another process
  EXPECT_FALSE(loop.loop.listen(other, [](std::unique_ptr<Stream>) {}).has_value());
}

}  // namespace
}  // namespace millrace::io
