#include "io/signals.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "io/epoll/epoll.h"

namespace millrace::io {
namespace {

TEST(SignalsTest, SignalBecomesACallOnTheLoop) {
  auto loop = *make_epoll_loop();
  std::vector<int> received;
  auto watch = watch_signals(*loop, {SIGUSR1, SIGUSR2}, [&](int number) {
    received.push_back(number);
    if (received.size() == 1) ::kill(::getpid(), SIGUSR2);
    if (received.size() == 2) loop->stop();
  });
  ASSERT_TRUE(watch);
  ::kill(::getpid(), SIGUSR1);
  loop->run();
  EXPECT_EQ(received, (std::vector<int>{SIGUSR1, SIGUSR2}));
}

TEST(SignalsTest, MaskIsAsBeforeAfterwards) {
  auto loop = *make_epoll_loop();
  {
    auto watch = watch_signals(*loop, {SIGUSR1}, [](int) {});
  }
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(::sigismember(&mask, SIGUSR1), 0);
}

}  // namespace
}  // namespace millrace::io
