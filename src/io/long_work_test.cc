#include "io/long_work.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/check.h"
#include "io/epoll/epoll_loop.h"

namespace millrace::io {
namespace {

// Each reading of the clock takes a tenth of a slice.
struct LongWorkTest : ::testing::Test {
  LongWorkTest() {
    MILLRACE_CHECK(loop.open());
    LongWorkOptions options;
    options.clock = [this] { return clock += 100us; };
    options.units_at_once = 1;
    options.suspended_max = 3;
    long_work = std::make_unique<LongWork>(loop, pool, std::move(options));
  }
  // A task of about `slices` slices that writes its letter once for each turn it runs in.
  Task task_of(char letter, int slices) {
    return [this, letter, slices] {
      Work work = long_work->work();
      int seen = -1;
      for (int step = 0; step < slices * 10; ++step) {
        if (seen != turns) order += letter;
        seen = turns;
        work.pace.step(2);
      }
      order += static_cast<char>(letter - 'a' + 'A');
    };
  }
  void turn() {
    ++turns;
    loop.run_turn(0ns);
  }

  EpollLoop loop{{}};
  Budget budget{64 << 20};
  ChunkPool pool{budget, 0};
  MonotonicTime clock{};
  int turns = 0;
  std::string order;
  std::unique_ptr<LongWork> long_work;
};

constexpr size_t kLarge = 1 << 20;

TEST_F(LongWorkTest, SmallMessagesAreAPlainCall) {
  long_work->run(100, [&] { EXPECT_FALSE(long_work->work().pace.may_suspend()); });
  EXPECT_EQ(budget.used(), 0u);
}

TEST_F(LongWorkTest, WorkThatFitsASliceEndsAtOnce) {
  bool has_ended = false;
  long_work->run(kLarge, [&] {
    long_work->work().pace.step(5);
    EXPECT_TRUE(long_work->work().pace.may_suspend());
    has_ended = true;
  });
  EXPECT_TRUE(has_ended);
  EXPECT_EQ(long_work->suspended_count(), 0u);
}

TEST_F(LongWorkTest, LongWorkPausesAfterASliceAndGoesOnInTheNextTurn) {
  long_work->run(kLarge, task_of('a', 3));
  EXPECT_EQ(order, "a");
  turn();
  EXPECT_EQ(order, "aa");
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_TRUE(order.ends_with("aA")) << order;
  EXPECT_EQ(long_work->suspended_count(), 0u);
}

TEST_F(LongWorkTest, NewWorkStartsBeforeSuspendedWorkResumes) {
  long_work->run(kLarge, task_of('a', 20));
  long_work->run(kLarge, task_of('b', 1));
  EXPECT_EQ(order, "a");
  for (int i = 0; i < 4; ++i) turn();
  EXPECT_TRUE(order.starts_with("ab")) << order;
  EXPECT_NE(order.find('B'), std::string::npos)
      << "the short one waits for the long one: " << order;
  EXPECT_EQ(order.find('A'), std::string::npos);
}

TEST_F(LongWorkTest, SuspendedTasksAreBounded) {
  for (char letter = 'a'; letter < 'k'; ++letter) long_work->run(kLarge, task_of(letter, 30));
  for (int i = 0; i < 20; ++i) {
    turn();
    EXPECT_LE(long_work->suspended_count(), 3u);
    EXPECT_LE(budget.used(), 3 * Fiber::kStackBytes);
  }
  for (int i = 0; i < 2000 && order.find('J') == std::string::npos; ++i) turn();
  for (char letter = 'A'; letter < 'K'; ++letter) {
    EXPECT_NE(order.find(letter), std::string::npos) << letter;
  }
}

TEST_F(LongWorkTest, AFullBudgetStillHasOneStack) {
  const Reservation rest = Reservation::try_make(budget, MemoryTerm::kMessages, budget.limit());
  long_work->run(kLarge, task_of('a', 2));
  long_work->run(kLarge, task_of('b', 2));
  for (int i = 0; i < 10; ++i) turn();
  EXPECT_NE(order.find('A'), std::string::npos);
  EXPECT_NE(order.find('B'), std::string::npos);
}

TEST_F(LongWorkTest, TheEndRunsSuspendedTasksAndDropsWaitingOnes) {
  long_work->run(kLarge, task_of('a', 20));
  auto owned = std::make_shared<int>(1);
  long_work->run(kLarge, [this, owned] { order += 'w'; });
  long_work.reset();
  EXPECT_EQ(order, "aA");
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_EQ(budget.used(), 0u);
  turn();  // the posted task finds no LongWork
}

TEST_F(LongWorkTest, RunInsideATaskIsAPlainCall) {
  long_work->run(kLarge, [&] {
    long_work->run(kLarge, task_of('b', 1));
    EXPECT_TRUE(order.ends_with('B'));
    order += '.';
  });
  while (!order.ends_with('.')) turn();
}

}  // namespace
}  // namespace millrace::io
