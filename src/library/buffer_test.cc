#include "library/buffer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "library/thread_table.h"

namespace millrace::library {
namespace {

using v1::DropReason;
using v1::ErrorCode;
using v1::OnFull;

constexpr Signal kTraces = Signal::kTraces;

Item item_of(std::string_view text) { return {.bytes = as_span(text)}; }

v1::Statistics count(const Buffer& buffer) {
  v1::Statistics statistics;
  buffer.count(statistics);
  return statistics;
}

// Acts as the loop: takes all chunks, counts their items as sent, releases chunks and credits.
uint64_t send_all(Buffer& buffer) {
  std::vector<OpenChunk*> taken;
  buffer.take_all(taken, nullptr);
  uint64_t items = 0;
  for (OpenChunk* open : taken) {
    items += open->items;
    buffer.return_items(open->items);
    buffer.release(open);
  }
  return items;
}

TEST(BufferTest, CapacityUpTo1024IsExact) {
  for (const uint64_t capacity : {uint64_t{1}, uint64_t{7}, uint64_t{1024}}) {
    Buffer buffer({.items_max = capacity}, [] {});
    Buffer::Slot& first = *buffer.join();
    Buffer::Slot& second = *buffer.join();
    for (uint64_t i = 0; i < capacity; ++i) {
      Buffer::Slot& slot = i % 2 == 0 ? first : second;
      ASSERT_TRUE(buffer.collect(slot, kTraces, item_of("span")).ok()) << i;
    }
    EXPECT_EQ(buffer.collect(first, kTraces, item_of("span")), ErrorCode::kBufferFull);
    EXPECT_EQ(buffer.collect(second, kTraces, item_of("span")), ErrorCode::kBufferFull);
    EXPECT_EQ(send_all(buffer), capacity);
    EXPECT_TRUE(buffer.collect(second, kTraces, item_of("span")).ok());
  }
}

TEST(BufferTest, BeyondThatCapacityIsKeptWithinTheLeases) {
  constexpr uint64_t kCapacity = 5000;
  Buffer buffer({.items_max = kCapacity}, [] {});
  Buffer::Slot& idle = *buffer.join();
  Buffer::Slot& busy = *buffer.join();
  ASSERT_TRUE(buffer.collect(idle, kTraces, item_of("span")).ok());
  uint64_t taken = 1;
  while (buffer.collect(busy, kTraces, item_of("span")).ok()) ++taken;
  EXPECT_LE(taken, kCapacity);
  EXPECT_GE(taken, kCapacity - 63);  // the rest is the idle thread's unused lease
  // The idle thread can use its own lease.
  EXPECT_TRUE(buffer.collect(idle, kTraces, item_of("span")).ok());
}

TEST(BufferTest, UnusedCreditsOfALeaseAreReturned) {
  Buffer buffer({.items_max = 2000}, [] {});
  Buffer::Slot& slot = *buffer.join();
  for (int round = 0; round < 1000; ++round) {
    ASSERT_TRUE(buffer.collect(slot, kTraces, item_of("span")).ok());
    ASSERT_EQ(send_all(buffer), 1U);
  }
  uint64_t taken = 0;
  while (buffer.collect(slot, kTraces, item_of("span")).ok()) ++taken;
  EXPECT_EQ(taken, 2000U);
}

TEST(BufferTest, BytesAreBoundedByAllocatedMemory) {
  Buffer buffer({.items_max = 1'000'000, .bytes_max = 256 << 10}, [] {});
  Buffer::Slot& slot = *buffer.join();
  const std::string large(1000, 'x');
  uint64_t taken = 0;
  while (buffer.collect(slot, kTraces, item_of(large)).ok()) ++taken;
  EXPECT_LE(count(buffer).buffer_bytes, size_t{256} << 10);
  EXPECT_GE(taken, 200U);
  EXPECT_EQ(send_all(buffer), taken);
  EXPECT_EQ(count(buffer).buffer_bytes, 0U);
}

TEST(BufferTest, DropNewestCountsAndReturnsOk) {
  Buffer buffer({.items_max = 3, .on_full = OnFull::kDropNewest}, [] {});
  Buffer::Slot& slot = *buffer.join();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(buffer.collect(slot, kTraces, item_of("span")).ok());
  const v1::Statistics statistics = count(buffer);
  EXPECT_EQ(statistics.collected(), 10U);
  EXPECT_EQ(statistics.dropped(DropReason::kBufferFull), 7U);
  EXPECT_EQ(send_all(buffer), 3U);
}

TEST(BufferTest, DropOldestKeepsTheNewest) {
  Buffer buffer({.items_max = 3, .on_full = OnFull::kDropOldest}, [] {});
  Buffer::Slot& slot = *buffer.join();
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(buffer.collect(slot, kTraces, item_of(std::to_string(i))).ok());
  }
  std::vector<OpenChunk*> taken;
  buffer.take_all(taken, nullptr);
  ASSERT_EQ(taken.size(), 1U);
  const auto* data = reinterpret_cast<const char*>(taken[0]->data());
  EXPECT_EQ(data[taken[0]->end - 1], '9');
  const v1::Statistics statistics = count(buffer);
  EXPECT_EQ(statistics.collected(), 10U);
  EXPECT_EQ(statistics.dropped(DropReason::kDropOldest) + taken[0]->items, 10U);
  buffer.return_items(taken[0]->items);
  buffer.release(taken[0]);
}

TEST(BufferTest, AFullRingIsAFullBuffer) {
  Buffer buffer({.items_max = 1'000'000, .ring_chunks_max = 2}, [] {});
  Buffer::Slot& slot = *buffer.join();
  const std::string large(3000, 'x');
  uint64_t taken = 0;
  while (buffer.collect(slot, kTraces, item_of(large)).ok()) ++taken;
  EXPECT_LT(taken, 50U);
  EXPECT_EQ(send_all(buffer), taken);
  EXPECT_TRUE(buffer.collect(slot, kTraces, item_of(large)).ok());
}

TEST(BufferTest, AFullRingDropsItsOldestWhereThatIsTheRule) {
  Buffer buffer({.items_max = 1'000'000, .on_full = OnFull::kDropOldest, .ring_chunks_max = 2},
                [] {});
  Buffer::Slot& slot = *buffer.join();
  const std::string large(3000, 'x');
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(buffer.collect(slot, kTraces, item_of(large)).ok());
  const uint64_t dropped = count(buffer).dropped(DropReason::kDropOldest);
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(send_all(buffer) + dropped, 200U);
}

TEST(BufferTest, TooLargeIsRefusedAndLeavesNoTrace) {
  Buffer buffer({.item_bytes_max = 1000}, [] {});
  Buffer::Slot& slot = *buffer.join();
  EXPECT_EQ(buffer.collect(slot, kTraces, item_of(std::string(1001, 'x'))), ErrorCode::kTooLarge);
  EXPECT_EQ(buffer.collect(slot, kTraces, {.failed = true}), ErrorCode::kTooLarge);
  EXPECT_EQ(count(buffer).signals[0].refused_too_large, 2U);
  EXPECT_EQ(send_all(buffer), 0U);
}

TEST(BufferTest, AnItemLargerThanAnyChunkGetsOneOfItsOwn) {
  Buffer buffer({}, [] {});
  Buffer::Slot& slot = *buffer.join();
  ASSERT_TRUE(buffer.collect(slot, kTraces, item_of(std::string(300'000, 'x'))).ok());
  ASSERT_TRUE(buffer.collect(slot, kTraces, item_of("small")).ok());
  EXPECT_EQ(send_all(buffer), 2U);
}

TEST(BufferTest, OpeningAChunkWakesASleepingLoopOnce) {
  int wakes = 0;
  Buffer buffer({}, [&] { ++wakes; });
  Buffer::Slot& slot = *buffer.join();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(buffer.collect(slot, kTraces, item_of("span")).ok());
  EXPECT_EQ(wakes, 1);
  EXPECT_FALSE(buffer.try_stop_ticking());  // a chunk is pending
  send_all(buffer);
  EXPECT_TRUE(buffer.try_stop_ticking());
  ASSERT_TRUE(buffer.collect(slot, kTraces, item_of("span")).ok());
  EXPECT_EQ(wakes, 2);
}

TEST(BufferTest, ClosedBufferRefusesAndKeepsItsItems) {
  Buffer buffer({}, [] {});
  Buffer::Slot& slot = *buffer.join();
  ASSERT_TRUE(buffer.collect(slot, kTraces, item_of("span")).ok());
  buffer.close();
  EXPECT_EQ(buffer.collect(slot, kTraces, item_of("span")), ErrorCode::kShutDown);
  EXPECT_EQ(send_all(buffer), 1U);
  EXPECT_EQ(count(buffer).signals[0].refused_shut_down, 1U);
}

TEST(BufferTest, AFinishedThreadsChunkIsNotLost) {
  const NumberedBuffer numbered{1, std::make_shared<Buffer>(BufferOptions{}, [] {})};
  std::thread([&] {
    Buffer::Slot* slot = slot_of_this_thread(numbered);
    ASSERT_NE(slot, nullptr);
    EXPECT_EQ(slot, slot_of_this_thread(numbered));
    ASSERT_TRUE(numbered.buffer->collect(*slot, kTraces, item_of("span")).ok());
  }).join();
  EXPECT_EQ(count(*numbered.buffer).thread_count, 0U);
  // The next thread takes over its slot with the chunk.
  std::thread([&] {
    Buffer::Slot* slot = slot_of_this_thread(numbered);
    ASSERT_TRUE(numbered.buffer->collect(*slot, kTraces, item_of("span")).ok());
    EXPECT_EQ(count(*numbered.buffer).thread_count, 1U);
  }).join();
  std::vector<OpenChunk*> taken;
  numbered.buffer->take_all(taken, nullptr);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0]->items, 2U);
  numbered.buffer->return_items(2);
  numbered.buffer->release(taken[0]);
}

TEST(BufferTest, AThreadMayOutliveTheBufferItUsed) {
  std::shared_ptr<Buffer> first = std::make_shared<Buffer>(BufferOptions{}, [] {});
  std::atomic<int> step{0};
  std::thread thread([&, weak = std::weak_ptr(first)] {
    {
      const NumberedBuffer numbered{2, weak.lock()};
      ASSERT_TRUE(
          numbered.buffer->collect(*slot_of_this_thread(numbered), kTraces, item_of("a")).ok());
    }
    step = 1;
    while (step != 2) std::this_thread::yield();
    const NumberedBuffer second{3, std::make_shared<Buffer>(BufferOptions{}, [] {})};
    ASSERT_TRUE(second.buffer->collect(*slot_of_this_thread(second), kTraces, item_of("b")).ok());
    EXPECT_TRUE(weak.expired());  // the table released the closed buffer
  });
  while (step != 1) std::this_thread::yield();
  send_all(*first);
  first->close();
  first.reset();
  step = 2;
  thread.join();
}

TEST(BufferTest, AThousandThreadsStayInTheBudget) {
  constexpr size_t kBytesMax = 4 << 20;
  const NumberedBuffer numbered{
      4,
      std::make_shared<Buffer>(BufferOptions{.items_max = 100'000, .bytes_max = kBytesMax}, [] {})};
  std::atomic<uint64_t> taken{0};
  std::atomic<int> ready{0};
  std::atomic<bool> may_end{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 1000; ++i) {
    threads.emplace_back([&] {
      Buffer::Slot* slot = slot_of_this_thread(numbered);
      if (numbered.buffer->collect(*slot, kTraces, item_of("span")).ok()) ++taken;
      ++ready;
      while (!may_end) std::this_thread::yield();
    });
    if (i % 100 == 99) {  // bounds the number of threads that spin at once
      while (ready <= i) std::this_thread::yield();
      may_end = true;
      for (std::thread& thread : threads) thread.join();
      threads.clear();
      may_end = false;
    }
  }
  EXPECT_LE(count(*numbered.buffer).buffer_bytes, kBytesMax);
  EXPECT_EQ(taken, 1000U);
  EXPECT_EQ(send_all(*numbered.buffer), 1000U);
}

// Threads collect while another one takes: no item is lost, repeated or torn.
TEST(BufferTest, ItemsOfManyThreadsArriveWhole) {
  constexpr int kThreads = 4;
  constexpr uint32_t kItems = 20'000;
  const NumberedBuffer numbered{5,
                                std::make_shared<Buffer>(BufferOptions{.items_max = 5000}, [] {})};
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      for (uint32_t i = 0; i < kItems; ++i) {
        uint32_t words[3] = {static_cast<uint32_t>(number), i, i * 31};
        const Item item{.bytes = {reinterpret_cast<const uint8_t*>(words), sizeof words}};
        while (!numbered.buffer->collect(*slot_of_this_thread(numbered), kTraces, item).ok()) {
          std::this_thread::yield();
        }
      }
      --running;
    });
  }
  std::vector<std::vector<bool>> seen(kThreads, std::vector<bool>(kItems));
  uint64_t count_seen = 0;
  const auto look = [&] {
    std::vector<OpenChunk*> taken;
    numbered.buffer->take_all(taken, nullptr);
    for (OpenChunk* open : taken) {
      const uint8_t* at = open->data() + open->begin;
      for (uint32_t i = 0; i < open->items; ++i, at += 14) {
        ASSERT_EQ(at[0], 0x12);
        ASSERT_EQ(at[1], 12);
        uint32_t words[3];
        std::memcpy(words, at + 2, sizeof words);
        ASSERT_EQ(words[2], words[1] * 31);
        ASSERT_FALSE(seen[words[0]][words[1]]);
        seen[words[0]][words[1]] = true;
        ++count_seen;
      }
      ASSERT_EQ(at, open->data() + open->end);
      numbered.buffer->return_items(open->items);
      numbered.buffer->release(open);
    }
  };
  while (running != 0) look();
  for (std::thread& thread : threads) thread.join();
  look();
  EXPECT_EQ(count_seen, uint64_t{kThreads} * kItems);
  EXPECT_EQ(count(*numbered.buffer).buffer_bytes, 0U);
}

}  // namespace
}  // namespace millrace::library
