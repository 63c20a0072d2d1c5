#include "memory/chunk_buffer.h"

#include <gtest/gtest.h>

#include <cstring>

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
