// fork() with a collector in the process: the parent continues, the child starts empty.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>

#include "library/fork_page.h"
#include "library/testing/recorder.h"
#include "millrace/collector.h"

namespace millrace::v1 {
namespace {

using library::testing::BackEnd;
using namespace std::chrono_literals;

// The thread sanitizer does not let a forked child start threads.
#if defined(__SANITIZE_THREAD__)
#define MILLRACE_TEST_WITHOUT_CHILDREN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MILLRACE_TEST_WITHOUT_CHILDREN 1
#endif
#endif

class ForkTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef MILLRACE_TEST_WITHOUT_CHILDREN
    GTEST_SKIP() << "not under the thread sanitizer";
#endif
  }
};

// Runs `body` in a child and returns its exit code. The child ends without destructors of the test.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

Config config_for(const BackEnd& back_end) {
  Config config;
  config.endpoint = back_end.grpc_url();
  config.batching = Batching::kFixed;  // so that items are still here when the process forks
  config.batch_timeout_ms = 60'000;
  return config;
}

TEST_F(ForkTest, TheChildStartsEmptyAndTheParentGoesOn) {
  BackEnd back_end;
  auto collector = Collector::create(config_for(back_end));
  ASSERT_TRUE(collector.ok());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(collector->collect(Span::make("parent before")).ok());
  const int code = in_child([&] {
    if (collector->statistics().collected() != 0) return 1;
    if (!collector->collect(Span::make("child")).ok()) return 2;
    if (collector->statistics().collected() != 1) return 3;
    if (!collector->shutdown(10s).ok()) return 4;
    if (!collector->statistics().balances()) return 5;
    return collector->statistics().exported() == 1 ? 0 : 6;
  });
  EXPECT_EQ(code, 0);
  ASSERT_TRUE(collector->collect(Span::make("parent after")).ok());
  EXPECT_TRUE(collector->shutdown(10s).ok());
  EXPECT_EQ(collector->statistics().exported(), 6U);
  EXPECT_TRUE(collector->statistics().balances());
  const std::vector<std::string> names = back_end.recorder().names();
  EXPECT_EQ(std::ranges::count(names, "parent before"), 5);
  EXPECT_EQ(std::ranges::count(names, "parent after"), 1);
  EXPECT_EQ(std::ranges::count(names, "child"), 1);
}

TEST_F(ForkTest, AChildThatDoesNothingEndsAtOnce) {
  BackEnd back_end;
  auto collector = std::make_unique<Collector>(std::move(*Collector::create(config_for(back_end))));
  ASSERT_TRUE(collector->collect(Span::make("parent")).ok());
  const int code = in_child([&] {
    if (!collector->flush(0ns).ok()) return 1;
    collector.reset();  // as a child's destructors would: it waits for no thread
    return 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(collector->shutdown(10s).ok());
  EXPECT_EQ(back_end.recorder().names(), std::vector<std::string>{"parent"});
}

TEST_F(ForkTest, ForkingWhileThreadsCollectBlocksNoThread) {
  BackEnd back_end;
  auto collector = Collector::create(config_for(back_end));
  ASSERT_TRUE(collector.ok());
  std::atomic<bool> may_end{false};
  std::atomic<uint64_t> taken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!may_end) {
        if (collector->collect(Span::make("parent")).ok()) ++taken;
        std::this_thread::sleep_for(100us);
      }
    });
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(in_child([&] {
                if (!collector->collect(Span::make("child")).ok()) return 1;
                return collector->shutdown(10s).ok() ? 0 : 2;
              }),
              0);
  }
  may_end = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(collector->shutdown(20s).ok());
  EXPECT_EQ(collector->statistics().exported(), taken);
  const std::vector<std::string> names = back_end.recorder().names();
  EXPECT_EQ(std::ranges::count(names, "child"), 10);
  EXPECT_EQ(static_cast<uint64_t>(std::ranges::count(names, "parent")), taken);
}

TEST_F(ForkTest, TheUsersOwnExportersStayWithTheParent) {
  auto recorder = std::make_shared<library::testing::Recorder>();
  auto collector = Collector::create(library::testing::config_with(recorder));
  ASSERT_TRUE(collector.ok());
  EXPECT_EQ(in_child([&] {
              const Status status = collector->collect(Span::make("child"));
              return status.code() == ErrorCode::kUnavailable ? 0 : 1;
            }),
            0);
  EXPECT_TRUE(collector->collect(Span::make("parent")).ok());
  EXPECT_TRUE(collector->shutdown(10s).ok());
  EXPECT_EQ(recorder->names(), std::vector<std::string>{"parent"});
}

TEST_F(ForkTest, AChildDoesNotRepeatItsParentsIds) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  static_cast<void>(random_span_id());
  EXPECT_EQ(in_child([&] {
              const SpanId id = random_span_id();
              return ::write(pipe_ends[1], id.data(), id.size()) == 8 ? 0 : 1;
            }),
            0);
  SpanId of_child = {};
  ASSERT_EQ(::read(pipe_ends[0], of_child.data(), of_child.size()), 8);
  EXPECT_NE(of_child, random_span_id());
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST_F(ForkTest, ThePageIsWipedInTheChildOnly) {
  library::ForkPage page;
  ASSERT_TRUE(page.works());
  EXPECT_TRUE(page.is_own());
  EXPECT_EQ(in_child([&] {
              if (!page.is_wiped() || !page.try_claim() || page.try_claim()) return 1;
              page.own();
              return page.is_own() ? 0 : 2;
            }),
            0);
  EXPECT_TRUE(page.is_own());
}

}  // namespace
}  // namespace millrace::v1
