#include "io/epoll/timer_heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/random.h"

namespace millrace::io {
namespace {

// Compares with a simple list: arm, re-arm, disarm and destroy at random while time passes.
TEST(TimerHeapTest, FiresLikeANaiveList) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    TimerHeap heap;
    MonotonicTime now{1s};
    std::vector<std::unique_ptr<HeapTimer>> timers(20);
    std::map<std::pair<MonotonicTime, uint64_t>, size_t> expected;  // (deadline, order) -> timer
    std::vector<size_t> fired;
    uint64_t order = 0;
    const auto forget = [&](size_t i) {
      std::erase_if(expected, [&](const auto& entry) { return entry.second == i; });
    };
    for (int step = 0; step < 2'000; ++step) {
      const size_t i = random.below(timers.size());
      switch (random.below(5)) {
        case 0:
          forget(i);
          timers[i].reset();
          break;
        case 1:
          forget(i);
          if (timers[i]) timers[i]->disarm();
          break;
        case 2: {
          now += Duration(random.below(20));
          std::vector<size_t> due;
          while (!expected.empty() && expected.begin()->first.first <= now) {
            due.push_back(expected.begin()->second);
            expected.erase(expected.begin());
          }
          fired.clear();
          heap.fire_due(now);
          ASSERT_EQ(fired, due) << seed << " " << step;
          if (!expected.empty()) {
            ASSERT_LE(heap.next_time(), expected.begin()->first.first);
          }
          break;
        }
        default: {
          if (!timers[i]) {
            timers[i] = std::make_unique<HeapTimer>(heap, [&fired, i] { fired.push_back(i); });
          }
          forget(i);
          const MonotonicTime when = now + Duration(random.below(100));
          timers[i]->arm_at(when);
          expected[{when, order++}] = i;
        }
      }
    }
  }
}

TEST(TimerHeapTest, EmptyHeapIsNeverDue) {
  TimerHeap heap;
  EXPECT_EQ(heap.next_time(), kNever);
}

}  // namespace
}  // namespace millrace::io
