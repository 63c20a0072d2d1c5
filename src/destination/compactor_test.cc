#include "destination/compactor.h"

#include <gtest/gtest.h>

#include <string>

#include "memory/budget.h"

namespace millrace::pipeline {
namespace {

TEST(CompactorTest, CopiesOnlyWhatUsesLessThanHalfOfItsChunks) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  Compactor compactor(&pool);
  Rope whole(Bytes::copy_of("used in full"));
  const uint8_t* before = whole.pieces()[0].data();
  EXPECT_TRUE(compactor.compact(whole));
  EXPECT_EQ(whole.pieces()[0].data(), before);

  Rope part(Bytes::copy_of("a part of this").slice(2, 4));
  EXPECT_TRUE(Compactor::is_wasteful(part));
  EXPECT_TRUE(compactor.compact(part));
  EXPECT_EQ(part.to_bytes().text(), "part");
  EXPECT_EQ(part.pieces()[0].chunk()->capacity, kPooledChunkBytes);
}

TEST(CompactorTest, ARopeOfManySlicesOfOneChunkCountsItOnce) {
  const Bytes chunk = Bytes::copy_of(std::string(100, 'x'));
  Rope rope;
  for (int i = 0; i < 6; ++i) rope.append(chunk.slice(static_cast<size_t>(i) * 10, 10));
  EXPECT_FALSE(Compactor::is_wasteful(rope));
}

TEST(CompactorTest, WithoutBudgetTheRopeStaysAsItIs) {
  Budget budget(kPooledChunkBytes);
  ChunkPool pool(budget, 0);
  Compactor compactor(&pool);
  const ChunkRef chunk = pool.try_acquire(kPooledChunkBytes);
  ASSERT_TRUE(chunk);
  Rope part(Bytes(chunk, chunk->data(), 10));
  EXPECT_FALSE(compactor.compact(part));
  EXPECT_EQ(part.size(), 10u);
}

}  // namespace
}  // namespace millrace::pipeline
