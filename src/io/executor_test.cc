#include "io/executor.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "io/sim/sim_executor.h"
#include "io/sim/world.h"

namespace millrace::io {
namespace {

TEST(ExecutorTest, RunsInOrderAndAllBeforeItIsGone) {
  std::vector<int> ran;
  std::thread::id lane;
  {
    const std::unique_ptr<Executor> executor = make_executor("test-lane");
    Executor* const raw = executor.get();
    for (int i = 0; i < 100; ++i) executor->submit([&ran, i] { ran.push_back(i); });
    executor->submit([&ran, &lane, raw] {
      lane = std::this_thread::get_id();
      raw->submit([&ran] { ran.push_back(100); });
    });
  }
  ASSERT_EQ(ran.size(), 101u);
  for (int i = 0; i <= 100; ++i) EXPECT_EQ(ran[static_cast<size_t>(i)], i);
  EXPECT_NE(lane, std::this_thread::get_id());
}

TEST(ExecutorTest, SimulatedLaneKeepsOrderAndTakesTime) {
  sim::World world(7);
  const std::unique_ptr<Loop> loop = world.make_loop("host");
  sim::SimExecutor executor(*loop, 10ms);
  std::vector<int> ran;
  const MonotonicTime start = world.now();
  for (int i = 0; i < 20; ++i) executor.submit([&ran, i] { ran.push_back(i); });
  EXPECT_TRUE(ran.empty());
  ASSERT_TRUE(world.run_until([&] { return ran.size() == 20; }, 1min));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ran[static_cast<size_t>(i)], i);
  EXPECT_GT(world.now() - start, 10ms);
}

TEST(ExecutorTest, DelayedTasksRunAfterOthers) {
  std::vector<int> ran;
  std::promise<MonotonicTime::duration> waited;
  const std::unique_ptr<Executor> executor = make_executor("test-lane");
  const auto start = std::chrono::steady_clock::now();
  executor->submit_after(20ms, [&] { ran.push_back(2); });
  executor->submit_after(30ms, [&] {
    ran.push_back(3);
    waited.set_value(std::chrono::steady_clock::now() - start);
  });
  executor->submit_after(10ms, [&] { ran.push_back(1); });
  executor->submit([&] { ran.push_back(0); });
  EXPECT_GE(waited.get_future().get(), 30ms);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3}));
}

TEST(ExecutorTest, DelayedTasksRunWhenTheLaneEnds) {
  bool ran = false;
  const auto start = std::chrono::steady_clock::now();
  make_executor("test-lane")->submit_after(1h, [&ran] { ran = true; });
  EXPECT_TRUE(ran);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1min);
}

TEST(ExecutorTest, SimulatedLaneDelays) {
  sim::World world(7);
  const std::unique_ptr<Loop> loop = world.make_loop("host");
  sim::SimExecutor executor(*loop, 1ms);
  std::vector<int> ran;
  const MonotonicTime start = world.now();
  executor.submit_after(20ms, [&ran] { ran.push_back(2); });
  executor.submit_after(10ms, [&ran] { ran.push_back(1); });
  executor.submit([&ran] { ran.push_back(0); });
  EXPECT_EQ(executor.waiting_count(), 3u);
  ASSERT_TRUE(world.run_until([&] { return ran.size() == 3; }, 1min));
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2}));
  EXPECT_GE(world.now() - start, 20ms);
}

TEST(ExecutorTest, SimulatedLaneDestroysUnrunTasks) {
  sim::World world(7);
  const std::unique_ptr<Loop> loop = world.make_loop("host");
  bool ran = false;
  {
    sim::SimExecutor executor(*loop, 1ms);
    executor.submit([&ran] { ran = true; });
  }
  world.run_for(1s);
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace millrace::io
