#include "memory/chunk_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace millrace {
namespace {

void write(ChunkBuffer& buffer, size_t size, uint8_t value) {
  std::memset(buffer.data() + buffer.used(), value, size);
  buffer.note_written(size);
}

TEST(ChunkBufferTest, GrowingKeepsWhatWasWritten) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  ChunkBuffer buffer(pool, 8 << 20);
  ASSERT_EQ(buffer.make_room(1000), ChunkBuffer::Room::kOk);
  write(buffer, 1000, 7);
  ASSERT_EQ(buffer.make_room(3 << 20), ChunkBuffer::Room::kOk);
  write(buffer, 3 << 20, 9);
  const Bytes bytes = buffer.finish();
  ASSERT_EQ(bytes.size(), 1000u + (3 << 20));
  EXPECT_EQ(bytes.data()[999], 7);
  EXPECT_EQ(bytes.data()[1000], 9);
}

TEST(ChunkBufferTest, LimitAndMemoryAreToldApart) {
  Budget budget(kPooledChunkBytes);
  ChunkPool pool(budget, 0);
  ChunkBuffer buffer(pool, 2 * kPooledChunkBytes);
  ASSERT_EQ(buffer.make_room(kPooledChunkBytes), ChunkBuffer::Room::kOk);
  EXPECT_EQ(buffer.make_room(2 * kPooledChunkBytes + 1), ChunkBuffer::Room::kLimit);
  EXPECT_EQ(buffer.make_room(kPooledChunkBytes + 1), ChunkBuffer::Room::kMemory);
}

TEST(ChunkBufferTest, FullBudgetDoesNotMakeGrowingQuadratic) {
  Budget budget(5 * kPooledChunkBytes);
  ChunkPool pool(budget, 0);
  ChunkBuffer buffer(pool, 64 << 20);
  int grown = 0;
  while (buffer.make_room(1) == ChunkBuffer::Room::kOk) {
    ++grown;
    write(buffer, buffer.room(), 1);
  }
  EXPECT_LE(grown, 10);
  EXPECT_GE(buffer.used(), 2 * kPooledChunkBytes);
}

TEST(ChunkBufferTest, RoomNeverPassesTheLimit) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  ChunkBuffer buffer(pool, 100);
  ASSERT_EQ(buffer.make_room(10), ChunkBuffer::Room::kOk);
  EXPECT_EQ(buffer.room(), 100u);
}

TEST(ChunkBufferTest, LargeChunkThatIsMostlyEmptyIsCompacted) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  ChunkBuffer buffer(pool, 32 << 20);
  ASSERT_EQ(buffer.make_room(16 << 20), ChunkBuffer::Room::kOk);
  write(buffer, 3 << 20, 1);
  const Bytes bytes = buffer.finish();
  EXPECT_EQ(budget.used(), size_t{3 << 20});
}

// Each output of unknown size reserved a whole chunk: a budget of 64 MiB held 128 small bodies.
TEST(ChunkBufferTest, SmallOutputsShareAChunk) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  std::vector<Bytes> kept;
  for (uint8_t i = 0; i < 40; ++i) {
    ChunkBuffer buffer(pool, 1 << 20);
    ASSERT_EQ(buffer.make_room(20'000), ChunkBuffer::Room::kOk);
    write(buffer, 10'000, i);
    kept.push_back(buffer.finish());
  }
  EXPECT_EQ(budget.used(), kPooledChunkBytes);
  for (uint8_t i = 0; i < 40; ++i) {
    EXPECT_EQ(std::count(kept[i].data(), kept[i].data() + 10'000, i), 10'000) << "of " << +i;
  }
}

TEST(ChunkBufferTest, WhatOutgrowsASharedChunkLeavesItsPlaceToTheNext) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  ChunkBuffer first(pool, 1 << 20);
  ASSERT_EQ(first.make_room(100), ChunkBuffer::Room::kOk);
  write(first, 100, 1);
  const Bytes one = first.finish();
  ChunkBuffer large(pool, 4 << 20);
  ASSERT_EQ(large.make_room(100), ChunkBuffer::Room::kOk);
  write(large, 100, 2);
  const uint8_t* const place = large.data();
  ASSERT_EQ(large.make_room(1 << 20), ChunkBuffer::Room::kOk);
  EXPECT_EQ(large.data()[99], 2);
  ChunkBuffer next(pool, 1 << 20);
  ASSERT_EQ(next.make_room(100), ChunkBuffer::Room::kOk);
  EXPECT_EQ(next.data(), place);
  EXPECT_EQ(one.data()[99], 1);
}

TEST(ChunkBufferTest, ATailThatNobodyUsesIsGivenBackInTime) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  {
    ChunkBuffer buffer(pool, 1 << 20);
    ASSERT_EQ(buffer.make_room(100), ChunkBuffer::Room::kOk);
    write(buffer, 100, 1);
    const Bytes gone = buffer.finish();
  }
  EXPECT_EQ(budget.used(), kPooledChunkBytes);
  pool.trim();
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ChunkBufferTest, DroppingItGivesEverythingBack) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  {
    ChunkBuffer buffer(pool, 32 << 20);
    ASSERT_EQ(buffer.make_room(16 << 20), ChunkBuffer::Room::kOk);
  }
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace millrace
