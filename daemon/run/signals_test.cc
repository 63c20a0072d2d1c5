// The main thread receives signals one by one, and can be woken without a signal.
#include "daemon/run/signals.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace millrace::daemon {
namespace {

Result<SignalWait> create() {
  return SignalWait::create([] { ADD_FAILURE() << "ended"; }, 1h);
}

// Sends to the whole process, as kill(1) does; a thread would receive a thread-directed signal.
void send(int number) { ASSERT_EQ(kill(getpid(), number), 0); }

TEST(SignalWaitTest, EachSignalIsReturnedOnce) {
  auto signals = create();
  ASSERT_TRUE(signals) << signals.error().message;
  for (const int number : {SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGSTKFLT,
                           SIGRTMIN, SIGRTMAX, SIGTERM, SIGHUP}) {
    send(number);
    EXPECT_EQ(signals->wait(), number);
  }
}

TEST(SignalWaitTest, WakingIsNotASignal) {
  auto signals = create();
  ASSERT_TRUE(signals);
  signals->wake();
  EXPECT_EQ(signals->wait(), 0) << "woken before it waited";
  std::thread other([&] { signals->wake(); });
  EXPECT_EQ(signals->wait(), 0);
  other.join();
}

TEST(SignalWaitTest, WaitHasATimeLimit) {
  auto signals = create();
  ASSERT_TRUE(signals);
  EXPECT_EQ(signals->wait(5ms), SignalWait::kTimeIsUp);
  send(SIGHUP);
  EXPECT_EQ(signals->wait(1h), SIGHUP);
}

TEST(SignalWaitTest, WakingDoesNotHideASignal) {
  auto signals = create();
  ASSERT_TRUE(signals);
  signals->wake();
  send(SIGTERM);
  while (signals->wait() != SIGTERM) signals->wake();  // the signal thread may not have read it yet
}

TEST(SignalWaitTest, EverySignalThatAsksForAnEndIsOne) {
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGXCPU, SIGPWR}) {
    auto signals = create();
    ASSERT_TRUE(signals);
    send(number);
    EXPECT_EQ(signals->wait(), number);
    EXPECT_TRUE(is_ending_signal(number));
  }
  EXPECT_FALSE(is_ending_signal(SIGHUP));
  EXPECT_FALSE(is_ending_signal(SIGUSR1));
}

TEST(SignalWaitTest, ASecondEndingSignalEndsAlsoWhileNoThreadWaits) {
  std::atomic<bool> ended = false;
  auto signals = SignalWait::create([&] { ended = true; }, 1ms);
  ASSERT_TRUE(signals);
  send(SIGTERM);
  send(SIGHUP);  // not an ending signal
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(ended);
  send(SIGINT);
  const auto begun = std::chrono::steady_clock::now();
  while (!ended && std::chrono::steady_clock::now() - begun < 5s) std::this_thread::sleep_for(1ms);
  EXPECT_TRUE(ended);
}

TEST(SignalWaitTest, AnEndWithinTheGraceIsNotCutShort) {
  bool ended = false;
  {
    auto signals = SignalWait::create([&] { ended = true; }, 1h);
    ASSERT_TRUE(signals);
    send(SIGTERM);
    EXPECT_EQ(signals->wait(), SIGTERM);
    send(SIGQUIT);
    EXPECT_EQ(signals->wait(), SIGQUIT);
  }
  EXPECT_FALSE(ended);
}

TEST(SignalWaitTest, AFloodOfSignalsIsBoundedAndHidesNoEnd) {
  auto signals = create();
  ASSERT_TRUE(signals);
  for (int i = 0; i < 1000; ++i) send(SIGRTMIN + i % 10);
  send(SIGTERM);
  // Receives all of them, because the next test would receive the rest.
  int heard = 0;
  bool heard_end = false;
  for (int number = 0; number != SignalWait::kTimeIsUp; number = signals->wait(500ms)) {
    ++heard;
    heard_end = heard_end || number == SIGTERM;
  }
  EXPECT_TRUE(heard_end);
  EXPECT_LE(heard, 1002);
}

TEST(SignalWaitTest, ThreadsMadeAfterwardsAreNotInterrupted) {
  auto signals = create();
  ASSERT_TRUE(signals);
  std::thread other([] {
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    EXPECT_EQ(sigismember(&blocked, SIGTERM), 1);
    EXPECT_EQ(sigismember(&blocked, SIGINT), 1);
  });
  other.join();
  send(SIGPIPE);  // ignored: a closed terminal ends nothing
  send(SIGXFSZ);  // ignored: a write beyond the limit fails
  signals->wake();
  EXPECT_EQ(signals->wait(), 0);
}

}  // namespace
}  // namespace millrace::daemon
