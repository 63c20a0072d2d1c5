#include "io/fiber.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace::io {
namespace {

TEST(FiberTest, ATaskThatDoesNotSuspendRunsAtOnce) {
  const auto fiber = Fiber::try_make();
  int runs = 0;
  EXPECT_TRUE(fiber->start([&] { ++runs; }));
  EXPECT_TRUE(fiber->start([&] { ++runs; })) << "the same stack again";
  EXPECT_EQ(runs, 2);
}

TEST(FiberTest, ResumesWhereItWasSuspended) {
  const auto fiber = Fiber::try_make();
  std::string order;
  EXPECT_FALSE(fiber->start([&] {
    const std::string own(1000, 'x');  // the object is on that stack, its text on the heap
    order += 'a';
    fiber->suspend();
    order += 'b';
    fiber->suspend();
    EXPECT_EQ(own, std::string(1000, 'x'));
    order += 'c';
  }));
  order += '1';
  EXPECT_FALSE(fiber->resume());
  order += '2';
  EXPECT_TRUE(fiber->resume());
  EXPECT_EQ(order, "a1b2c");
}

TEST(FiberTest, ObjectsOfTheTaskEndWithIt) {
  const auto fiber = Fiber::try_make();
  auto owned = std::make_shared<int>(1);
  EXPECT_FALSE(fiber->start([&fiber = *fiber, kept = owned] { fiber.suspend(); }));
  EXPECT_EQ(owned.use_count(), 2);
  EXPECT_TRUE(fiber->resume());
  EXPECT_EQ(owned.use_count(), 1);
}

int sum_down(int depth, Fiber& fiber) {
  volatile char frame[200] = {};
  frame[depth % 200] = 1;
  if (depth == 0) {
    fiber.suspend();
    return 0;
  }
  return 1 + sum_down(depth - 1, fiber) + frame[(depth + 1) % 200];
}

TEST(FiberTest, ManySuspendedInTheMiddleOfARecursion) {
  std::vector<std::unique_ptr<Fiber>> fibers;
  int sum = 0;
  for (int i = 0; i < 20; ++i) {
    fibers.push_back(Fiber::try_make());
    EXPECT_FALSE(
        fibers.back()->start([&, &fiber = *fibers.back()] { sum += sum_down(300, fiber); }));
  }
  for (const auto& fiber : fibers) EXPECT_TRUE(fiber->resume());
  EXPECT_EQ(sum, 20 * 300);
}

TEST(FiberTest, AnotherThreadMayResumeIt) {
  const auto fiber = Fiber::try_make();
  int steps = 0;
  EXPECT_FALSE(fiber->start([&] {
    ++steps;
    fiber->suspend();
    ++steps;
  }));
  std::thread([&] { EXPECT_TRUE(fiber->resume()); }).join();
  EXPECT_EQ(steps, 2);
}

TEST(FiberTest, FloatingPointValuesSurviveASwitch) {
  const auto fiber = Fiber::try_make();
  double sum = 0.5;
  EXPECT_FALSE(fiber->start([&] {
    for (int i = 0; i < 3; ++i) {
      sum = sum * 1.5 + i;
      if (i == 1) fiber->suspend();
    }
  }));
  const double between = sum * 3;
  EXPECT_TRUE(fiber->resume());
  EXPECT_DOUBLE_EQ(between / 3 * 1.5 + 2, sum);
}

#if GTEST_HAS_DEATH_TEST
int run_over(int depth) {
  volatile char frame[4000] = {};
  frame[depth % 4000] = 1;
  return depth == 0 ? 0 : 1 + run_over(depth - 1) + frame[(depth + 1) % 4000];
}

TEST(FiberDeathTest, RunningOverTheStackStopsTheProcess) {
  EXPECT_DEATH(
      {
        const auto fiber = Fiber::try_make();
        int result = 0;
        static_cast<void>(fiber->start([&] { result = run_over(100'000); }));
        _exit(result == 1 ? 0 : 0);
      },
      "");
}
#endif

}  // namespace
}  // namespace millrace::io
