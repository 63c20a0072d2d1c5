#include "memory/chunk_pool.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "memory/idle_chunks.h"

namespace millrace {
namespace {

TEST(ChunkPoolTest, EveryLivingChunkIsReservedOnce) {
  Budget budget(3 * kPooledChunkBytes);
  ChunkPool pool(budget, 1);
  const ChunkRef first = pool.try_acquire(10);
  const ChunkRef shared = first;
  EXPECT_EQ(budget.used(), kPooledChunkBytes);
}

TEST(ChunkPoolTest, RefusesBeyondTheBudgetAndCounts) {
  Budget budget(kPooledChunkBytes);
  ChunkPool pool(budget, 1);
  const ChunkRef first = pool.try_acquire(10);
  EXPECT_FALSE(pool.try_acquire(10));
  EXPECT_EQ(budget.refusal_count(), 1u);
  EXPECT_EQ(budget.used(), kPooledChunkBytes);
}

TEST(ChunkPoolTest, AShortageIsToldAndWhatIsGivenBackIsUsed) {
  Budget budget(2 * kPooledChunkBytes);
  Reservation kept = Reservation::try_make(budget, MemoryTerm::kRecent, 2 * kPooledChunkBytes);
  ChunkPool pool(budget, 1);
  int told = 0;
  pool.on_shortage([&] {
    ++told;
    const bool had_some = static_cast<bool>(kept);
    kept = {};
    return had_some;
  });
  const ChunkRef first = pool.try_acquire(1);
  EXPECT_TRUE(first);
  EXPECT_EQ(told, 1);
  const ChunkRef second = pool.try_acquire(1);
  EXPECT_TRUE(second);
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(pool.try_acquire(1));  // nothing is left to give back
  EXPECT_EQ(told, 2);
}

TEST(BudgetTest, WhatDrainsPassesTheLimitAndKeepsOthersOutUntilItIsGone) {
  Budget budget(1000);
  {
    const Reservation draining = Reservation::make_beyond(budget, MemoryTerm::kEncoded, 1500);
    EXPECT_EQ(budget.used(), 1500u);
    EXPECT_FALSE(Reservation::try_make(budget, MemoryTerm::kEncoded, 1));
    EXPECT_EQ(budget.used(), 1500u);
  }
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_TRUE(Reservation::try_make(budget, MemoryTerm::kEncoded, 1000));
}

TEST(ChunkPoolTest, AChunkToDrainPassesTheLimitByABoundedAmount) {
  Budget budget(kPooledChunkBytes);
  ChunkPool pool(budget, 1);
  const ChunkRef first = pool.try_acquire(10);
  {
    const ChunkRef copy = pool.acquire_to_drain(1000);
    ASSERT_TRUE(copy);
    EXPECT_EQ(copy->capacity, 1000u) << "no larger than needed";
    EXPECT_FALSE(pool.try_acquire(10));
    EXPECT_TRUE(pool.acquire_to_drain(kBeyondLimitBytes - 1000));
    EXPECT_FALSE(pool.acquire_to_drain(kBeyondLimitBytes - 999));
    EXPECT_FALSE(pool.acquire_to_drain(SIZE_MAX / 2));
  }
  EXPECT_EQ(budget.used(), kPooledChunkBytes);
}

TEST(BudgetTest, AReservationShrinksAndNeverGrows) {
  Budget budget(1000);
  Reservation reservation = Reservation::try_make(budget, MemoryTerm::kEncoded, 800);
  reservation.shrink(300);
  EXPECT_EQ(budget.used(), 300u);
  reservation.shrink(500);
  EXPECT_EQ(budget.used(), 300u);
  EXPECT_EQ(reservation.bytes(), 300u);
}

// Every byte is in exactly one term, also of what changes from one to another.
TEST(BudgetTest, TheTermsAddUpToTheSum) {
  Budget budget(64 << 20);
  auto sum = [&] {
    size_t bytes = 0;
    for (size_t i = 0; i < kMemoryTermCount; ++i) bytes += budget.used(static_cast<MemoryTerm>(i));
    return bytes;
  };
  {
    ChunkPool pool(budget, 1);
    Reservation json = Reservation::try_make(budget, MemoryTerm::kJson, 1000);
    Reservation beyond = Reservation::make_beyond(budget, MemoryTerm::kEncoded, 1 << 30);
    json.shrink(600);
    EXPECT_EQ(budget.used(MemoryTerm::kJson), 600u);
    std::swap(json, beyond);
    beyond = Reservation();
    json = Reservation();
    EXPECT_EQ(budget.used(), 0u);
    ChunkRef chunk = pool.try_acquire(10);
    EXPECT_EQ(budget.used(MemoryTerm::kMessages), kPooledChunkBytes);
    chunk = ChunkRef();
    EXPECT_EQ(budget.used(MemoryTerm::kMessages), 0u);
    EXPECT_EQ(budget.used(MemoryTerm::kIdleChunks), kPooledChunkBytes);
    EXPECT_EQ(sum(), budget.used());
    chunk = pool.try_acquire(10);
    EXPECT_EQ(budget.used(MemoryTerm::kIdleChunks), 0u);
    EXPECT_EQ(sum(), budget.used());
  }
  EXPECT_EQ(sum(), 0u);
}

TEST(BudgetTest, MessagesLeaveConnectionsTheirShare) {
  Budget budget(1000, 100);
  EXPECT_FALSE(budget.try_reserve(MemoryTerm::kMessages, 901));
  EXPECT_TRUE(budget.try_reserve(MemoryTerm::kMessages, 870));
  EXPECT_TRUE(budget.try_reserve(MemoryTerm::kConnections, 60));
  EXPECT_TRUE(budget.try_reserve(MemoryTerm::kMessages, 30)) << "60 of the share are in use";
  EXPECT_FALSE(budget.try_reserve(MemoryTerm::kMessages, 1));
  EXPECT_TRUE(budget.try_reserve(MemoryTerm::kConnections, 40));
  EXPECT_FALSE(budget.try_reserve(MemoryTerm::kConnections, 1)) << "never beyond the limit";
}

TEST(BudgetTest, EachTermHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kMemoryTermCount; ++i) {
    EXPECT_TRUE(names.insert(memory_term_name(static_cast<MemoryTerm>(i))).second);
  }
}

TEST(ChunkPoolTest, LargeChunkFitsItsMessageAndIsNotPooled) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 4);
  {
    const ChunkRef large = pool.try_acquire(3 << 20);
    EXPECT_EQ(large->capacity, size_t{3 << 20});
  }
  EXPECT_EQ(budget.used(), 0u);
}

// A queue in the rhythm of its back end: three chunks at once, then one, then three again.
TEST(ChunkPoolTest, WhatTheLastSecondsNeededIsNotTakenFromTheSystemAgain) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 8);
  for (int second = 0; second < 3; ++second) {
    {
      const ChunkRef a = pool.try_acquire(10);
      const ChunkRef b = pool.try_acquire(10);
      const ChunkRef c = pool.try_acquire(10);
    }
    pool.trim();
    const ChunkRef one = pool.try_acquire(10);
    pool.trim();
    EXPECT_EQ(budget.used(), 3 * kPooledChunkBytes);
  }
}

// The next step of a trim came when all chunks had just come back, and freed them.
TEST(ChunkPoolTest, ChunksThatComeBackAfterATrimAreKept) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 8);
  {
    const ChunkRef a = pool.try_acquire(10);
    const ChunkRef b = pool.try_acquire(10);
    pool.trim();
  }
  EXPECT_FALSE(pool.trim_more());
  EXPECT_EQ(budget.used(MemoryTerm::kIdleChunks), 2 * kPooledChunkBytes);
}

TEST(ChunkPoolTest, WhatWasNotNeededForSecondsIsFreedInPieces) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 100);
  std::vector<ChunkRef> burst;
  for (int i = 0; i < 70; ++i) burst.push_back(pool.try_acquire(10));
  burst.clear();
  for (size_t second = 1; second < IdleChunks::kSeconds; ++second) pool.trim();
  EXPECT_EQ(budget.used(MemoryTerm::kIdleChunks), 70 * kPooledChunkBytes);
  pool.trim();
  EXPECT_EQ(budget.used(), (70 - 32) * kPooledChunkBytes) << "32 at once";
  EXPECT_TRUE(pool.trim_more());
  EXPECT_TRUE(pool.trim_more());
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_FALSE(pool.trim_more());
}

TEST(ChunkPoolTest, FreeChunksMakeWayForALargeOne) {
  Budget budget(8 * kPooledChunkBytes);
  ChunkPool pool(budget, 8);
  {
    std::vector<ChunkRef> burst;
    for (int i = 0; i < 8; ++i) burst.push_back(pool.try_acquire(10));
  }
  EXPECT_EQ(budget.used(MemoryTerm::kIdleChunks), 8 * kPooledChunkBytes);
  EXPECT_TRUE(pool.try_acquire(3 * kPooledChunkBytes));
  EXPECT_GE(budget.used(MemoryTerm::kIdleChunks), 4 * kPooledChunkBytes);
}

TEST(ChunkPoolTest, ChunkComesHomeFromAnotherThreadAfterThePoolIsGone) {
  Budget budget(64 << 20);
  Bytes held;
  {
    ChunkPool pool(budget, 4);
    ChunkRef chunk = pool.try_acquire(10);
    const uint8_t* data = chunk->data();
    held = Bytes(std::move(chunk), data, 10);
  }
  std::thread([moved = std::move(held)]() mutable { moved = Bytes(); }).join();
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace millrace
