#include "queue/mpmc_ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "base/random.h"

namespace millrace::queue {
namespace {

using Number = std::unique_ptr<int>;

TEST(MpmcRingTest, CapacityIsTheNextPowerOfTwo) {
  EXPECT_EQ(MpmcRing<Number>(0).capacity(), 2u);
  EXPECT_EQ(MpmcRing<Number>(3).capacity(), 4u);
  EXPECT_EQ(MpmcRing<Number>(1000).capacity(), 1024u);
}

TEST(MpmcRingTest, RefusedPushLeavesTheValueWithItsOwner) {
  MpmcRing<Number> ring(2);
  ASSERT_TRUE(ring.try_push(std::make_unique<int>(1)));
  ASSERT_TRUE(ring.try_push(std::make_unique<int>(2)));
  Number third = std::make_unique<int>(3);
  EXPECT_FALSE(ring.try_push(std::move(third)));
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(*third, 3);
}

TEST(MpmcRingTest, PopFromEmptyLeavesTheTargetAlone) {
  MpmcRing<Number> ring(4);
  Number target = std::make_unique<int>(7);
  EXPECT_FALSE(ring.try_pop(target));
  EXPECT_EQ(*target, 7);
}

TEST(MpmcRingTest, DestructorFreesUnpoppedElements) {
  auto counted = std::make_shared<int>(0);
  {
    MpmcRing<std::shared_ptr<int>> ring(8);
    for (int i = 0; i < 5; ++i) ring.try_push(std::shared_ptr<int>(counted));
    EXPECT_EQ(counted.use_count(), 6);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(MpmcRingTest, WalkSeesTheLabelsOfQueuedElements) {
  MpmcRing<Number> ring(4);
  Number out;
  for (uint64_t i = 0; i < 9; ++i) {
    ASSERT_TRUE(ring.try_push(std::make_unique<int>(0), {i, i * 10}));
    if (i >= 2) {
      ASSERT_TRUE(ring.try_pop(out));
    }
  }
  std::vector<uint64_t> seen;
  ring.walk([&](Label label) {
    EXPECT_EQ(label.second, label.first * 10);
    seen.push_back(label.first);
  });
  EXPECT_EQ(seen, (std::vector<uint64_t>{7, 8}));
}

TEST(MpmcRingTest, AgreesWithADequeOverRandomOperations) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Random random(seed);
    MpmcRing<Number> ring(1 + random.below(9));
    std::deque<int> twin;
    for (int step = 0; step < 2000; ++step) {
      if (random.chance(0.5)) {
        const bool fits = twin.size() < ring.capacity();
        ASSERT_EQ(ring.try_push(std::make_unique<int>(step)), fits) << "seed " << seed;
        if (fits) twin.push_back(step);
      } else {
        Number out;
        ASSERT_EQ(ring.try_pop(out), !twin.empty()) << "seed " << seed;
        if (!twin.empty()) {
          ASSERT_EQ(*out, twin.front());
          twin.pop_front();
        }
      }
      ASSERT_EQ(ring.size(), twin.size());
    }
  }
}

// Two producers, two consumers and a walker: every number arrives once, and each consumer sees the
// numbers of one producer in order.
TEST(MpmcRingTest, ThreadsNeitherLoseNorRepeatNorReorder) {
  constexpr uint64_t kEach = 20'000;
  MpmcRing<std::unique_ptr<uint64_t>> ring(64);
  std::atomic<uint64_t> popped{0};
  std::vector<std::vector<uint64_t>> got(2);
  std::vector<std::thread> threads;
  for (uint64_t producer = 0; producer < 2; ++producer) {
    threads.emplace_back([&, producer] {
      for (uint64_t i = 0; i < kEach; ++i) {
        auto value = std::make_unique<uint64_t>(producer * kEach + i);
        const Label label{*value, ~*value};
        while (!ring.try_push(std::move(value), label)) std::this_thread::yield();
      }
    });
  }
  for (size_t consumer = 0; consumer < 2; ++consumer) {
    threads.emplace_back([&, consumer] {
      std::unique_ptr<uint64_t> out;
      while (popped.load() < 2 * kEach) {
        if (!ring.try_pop(out)) {
          std::this_thread::yield();
          continue;
        }
        popped.fetch_add(1);
        got[consumer].push_back(*out);
      }
    });
  }
  threads.emplace_back([&] {
    while (popped.load() < 2 * kEach) {
      ring.walk([](Label label) { ASSERT_EQ(label.first, ~label.second); });
    }
  });
  for (std::thread& thread : threads) thread.join();
  std::set<uint64_t> all;
  for (const auto& list : got) {
    uint64_t last[2] = {0, 0};
    for (uint64_t value : list) {
      EXPECT_TRUE(all.insert(value).second);
      uint64_t& previous = last[value / kEach];
      EXPECT_LE(previous, value + 1);
      EXPECT_GE(value + 1, previous);
      previous = value + 1;
    }
  }
  EXPECT_EQ(all.size(), 2 * kEach);
}

// A seed determines the threads, the elements, the capacity and the points where threads yield; the
// system's scheduler adds its own variation. Every element arrives once, in its producer's order.
void run_schedule(uint64_t seed) {
  Random random(seed);
  MpmcRing<std::unique_ptr<uint64_t>> ring(1 + random.below(16));
  const uint64_t producer_count = 1 + random.below(4);
  const uint64_t consumer_count = 1 + random.below(4);
  std::atomic<uint64_t> pushing{producer_count};
  std::vector<uint64_t> pushed(producer_count);
  std::vector<std::vector<uint64_t>> got(consumer_count);
  std::vector<std::thread> threads;
  for (uint64_t producer = 0; producer < producer_count; ++producer) {
    threads.emplace_back([&, producer, mine = Random(random.next())]() mutable {
      for (uint64_t tries = mine.below(200); tries > 0; --tries) {
        auto value = std::make_unique<uint64_t>(producer << 32 | pushed[producer]);
        if (ring.try_push(std::move(value))) {
          ++pushed[producer];
        } else {
          ASSERT_NE(value, nullptr);
        }
        if (mine.chance(0.1)) std::this_thread::yield();
      }
      --pushing;
    });
  }
  for (uint64_t consumer = 0; consumer < consumer_count; ++consumer) {
    threads.emplace_back([&, consumer, mine = Random(random.next())]() mutable {
      std::unique_ptr<uint64_t> out;
      for (bool is_last_look = false;;) {
        if (ring.try_pop(out)) {
          got[consumer].push_back(*out);
          if (mine.chance(0.1)) std::this_thread::yield();
        } else if (is_last_look) {
          break;
        } else {
          is_last_look = pushing == 0;
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ring.size(), 0U);
  std::vector<std::set<uint64_t>> by_producer(producer_count);
  for (const auto& list : got) {
    std::vector<uint64_t> next(producer_count);
    for (const uint64_t value : list) {
      const uint64_t producer = value >> 32;
      const uint64_t number = value & 0xffff'ffff;
      EXPECT_GE(number, next[producer]);
      next[producer] = number + 1;
      EXPECT_TRUE(by_producer[producer].insert(number).second);
    }
  }
  for (uint64_t producer = 0; producer < producer_count; ++producer) {
    EXPECT_EQ(by_producer[producer].size(), pushed[producer]);
    EXPECT_TRUE(by_producer[producer].empty() ||
                *by_producer[producer].rbegin() == pushed[producer] - 1);
  }
}

TEST(MpmcRingTest, AThousandRandomSchedulesLoseNothing) {
  for (uint64_t seed = 1; seed <= 1000 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    run_schedule(seed);
  }
}

}  // namespace
}  // namespace millrace::queue
