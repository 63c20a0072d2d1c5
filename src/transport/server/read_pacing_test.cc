#include "transport/server/read_pacing.h"

#include <gtest/gtest.h>

#include <vector>

#include "transport/server/message_landing.h"

namespace millrace::transport {
namespace {

constexpr size_t kFirst = ReadPacing::kReadBytesFirst;
constexpr MonotonicTime kTurn = MonotonicTime{} + 100s;

TEST(ReadPacingTest, PiecesGrowToTheirMaximum) {
  ReadPacing pacing;
  std::vector<size_t> requests;
  for (int i = 0; i < 6; ++i) requests.push_back(pacing.next_piece());
  EXPECT_EQ(requests, (std::vector<size_t>{1, 2, 4, 8, 16, 16}));
  pacing.take_smaller_pieces();
  EXPECT_EQ(pacing.next_piece(), 1u);
  EXPECT_EQ(pacing.next_piece(), 2u);
}

TEST(ReadPacingTest, FullReadsGrowToTheirMaximum) {
  ReadPacing pacing;
  EXPECT_EQ(pacing.read_bytes_max(), kFirst);
  pacing.note_read(kFirst, 1, false);
  EXPECT_EQ(pacing.read_bytes_max(), kFirst);
  pacing.note_read(kFirst, 1, true);
  EXPECT_EQ(pacing.read_bytes_max(), 2 * kFirst);
  for (int i = 0; i < 10; ++i) pacing.note_read(kFirst, 1, true);
  EXPECT_EQ(pacing.read_bytes_max(), kReadBytesMax);
}

TEST(ReadPacingTest, ReadsOfManySmallRequestsShrink) {
  ReadPacing pacing;
  for (int i = 0; i < 2; ++i) pacing.note_read(kFirst, 1, true);
  ASSERT_EQ(pacing.read_bytes_max(), 4 * kFirst);
  pacing.note_read(8 * 1024, 1, true);  // one piece tells nothing of its requests
  EXPECT_EQ(pacing.read_bytes_max(), 8 * kFirst);
  pacing.note_read(2 * 8 * 1024, 2, false);  // 8 KiB each: not small
  EXPECT_EQ(pacing.read_bytes_max(), 8 * kFirst);
  pacing.note_read(2 * 8 * 1024 - 1, 2, true);
  EXPECT_EQ(pacing.read_bytes_max(), 4 * kFirst);
  for (int i = 0; i < 5; ++i) pacing.note_read(100, 5, true);
  EXPECT_EQ(pacing.read_bytes_max(), kFirst);
}

TEST(ReadPacingTest, ASliceEndsInATurnThatIsNotLong) {
  ReadPacing pacing;
  EXPECT_FALSE(pacing.has_begun_slice(kTurn));
  EXPECT_FALSE(pacing.slice_is_over(kTurn, kTurn + 1ms));
  EXPECT_TRUE(pacing.has_begun_slice(kTurn));
  EXPECT_FALSE(pacing.slice_is_over(kTurn, kTurn + 2999us));
  EXPECT_TRUE(pacing.slice_is_over(kTurn, kTurn + 3ms));
  EXPECT_FALSE(pacing.has_begun_slice(kTurn + 4ms));
  EXPECT_FALSE(pacing.slice_is_over(kTurn + 4ms, kTurn + 4ms));
}

TEST(ReadPacingTest, TheSliceEndsWithTheTurn) {
  ReadPacing pacing;
  EXPECT_FALSE(pacing.slice_is_over(kTurn, kTurn + 9ms));
  EXPECT_TRUE(pacing.slice_is_over(kTurn, kTurn + 10ms));
}

TEST(ReadPacingTest, InALongTurnThereIsOneSmallPiece) {
  ReadPacing pacing;
  for (int i = 0; i < 5; ++i) (void)pacing.next_piece();
  EXPECT_TRUE(pacing.slice_is_over(kTurn, kTurn + 10ms));
  EXPECT_EQ(pacing.next_piece(), ReadPacing::kPieceRequestsLate);
  pacing.take_smaller_pieces();
  EXPECT_TRUE(pacing.slice_is_over(kTurn, kTurn + 50ms));
  EXPECT_EQ(pacing.next_piece(), 1u);
}

}  // namespace
}  // namespace millrace::transport
