#include "base/bytes.h"

#include <gtest/gtest.h>

#include <utility>

namespace millrace {
namespace {

struct CountingHome final : ChunkHome {
  int returned = 0;
  void take_back(Chunk* chunk) noexcept override {
    ++returned;
    free_chunk(chunk);
  }
};

TEST(BytesTest, LastReferenceSendsTheChunkHome) {
  CountingHome home;
  Chunk* chunk = allocate_chunk(16);
  chunk->home = &home;
  {
    Bytes whole(ChunkRef::adopt(chunk), chunk->data(), 16);
    Bytes part = whole.slice(4, 4);
    whole = Bytes();
    EXPECT_EQ(home.returned, 0);
  }
  EXPECT_EQ(home.returned, 1);
}

TEST(ChunkRefTest, IsUniqueAsLongAsThereIsNoOther) {
  CountingHome home;
  Chunk* chunk = allocate_chunk(16);
  chunk->home = &home;
  ChunkRef first = ChunkRef::adopt(chunk);
  EXPECT_TRUE(first);
  EXPECT_TRUE(first.unique());
  {
    const ChunkRef second = first;
    EXPECT_FALSE(first.unique());
    EXPECT_FALSE(second.unique());
  }
  EXPECT_TRUE(first.unique());
  const ChunkRef moved = std::move(first);
  EXPECT_TRUE(moved.unique());
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): a moved reference is empty
}

TEST(RopeTest, SliceCrossesPiecesAndSharesThem) {
  Rope rope(Bytes::copy_of("hello "));
  rope.append(Bytes::copy_of("wide "));
  rope.append(Bytes::copy_of("world"));
  const Rope part = rope.slice(4, 9);
  EXPECT_EQ(part.to_bytes().text(), "o wide wo");
  EXPECT_EQ(part.pieces()[1].data(), rope.pieces()[1].data());
}

TEST(RopeTest, EveryCutJoinsToTheSameBytes) {
  Rope rope(Bytes::copy_of("abc"));
  rope.append(Bytes::copy_of("defg"));
  for (size_t cut = 0; cut <= rope.size(); ++cut) {
    Rope joined = rope.slice(0, cut);
    joined.append(rope.slice(cut, rope.size() - cut));
    EXPECT_EQ(joined.to_bytes().text(), "abcdefg");
    EXPECT_EQ(joined.size(), 7u);
  }
}

TEST(RopeTest, OnePieceIsSharedNotCopied) {
  const Rope rope(Bytes::copy_of("abc"));
  EXPECT_EQ(rope.to_bytes().data(), rope.pieces().front().data());
}

}  // namespace
}  // namespace millrace
