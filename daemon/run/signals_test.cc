// The main thread hears signals one after the other, and can be woken without one.
#include "daemon/run/signals.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace millrace::daemon {
namespace {

// To the whole process, as kill(1) does: a signal to a thread would be that thread's.
void send(int number) { ASSERT_EQ(kill(getpid(), number), 0); }

TEST(SignalWaitTest, EachSignalIsHeardAsItself) {
  auto signals = SignalWait::create();
  ASSERT_TRUE(signals) << signals.error().message;
  for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGTERM}) {
    send(number);
    EXPECT_EQ(signals->wait(), number);
  }
}

TEST(SignalWaitTest, WakingIsNoSignal) {
  auto signals = SignalWait::create();
  ASSERT_TRUE(signals);
  signals->wake();
  EXPECT_EQ(signals->wait(), 0) << "woken before it waited";
  std::thread other([&] { signals->wake(); });
  EXPECT_EQ(signals->wait(), 0);
  other.join();
}

TEST(SignalWaitTest, TheTimeCanBeUp) {
  auto signals = SignalWait::create();
  ASSERT_TRUE(signals);
  EXPECT_EQ(signals->wait(5ms), SignalWait::kTimeIsUp);
  send(SIGHUP);
  EXPECT_EQ(signals->wait(1h), SIGHUP);
}

TEST(SignalWaitTest, ASignalComesBeforeAWakeUp) {
  auto signals = SignalWait::create();
  ASSERT_TRUE(signals);
  signals->wake();
  send(SIGTERM);
  EXPECT_EQ(signals->wait(), SIGTERM);
  EXPECT_EQ(signals->wait(), 0);
}

TEST(SignalWaitTest, ThreadsMadeAfterwardsAreNotInterrupted) {
  auto signals = SignalWait::create();
  ASSERT_TRUE(signals);
  std::thread other([] {
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    EXPECT_EQ(sigismember(&blocked, SIGTERM), 1);
    EXPECT_EQ(sigismember(&blocked, SIGINT), 1);
  });
  other.join();
  send(SIGPIPE);  // ignored: a closed terminal ends nothing
  signals->wake();
  EXPECT_EQ(signals->wait(), 0);
}

}  // namespace
}  // namespace millrace::daemon
