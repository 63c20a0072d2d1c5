#include "destination/peer_size_limit.h"

#include <gtest/gtest.h>

namespace millrace::pipeline {
namespace {

TEST(PeerSizeLimitTest, IsHalfOfWhatWasRefusedAndOnlyShrinks) {
  PeerSizeLimit limit;
  EXPECT_EQ(limit.bytes(), 0u);
  limit.note_refused(1 << 20);
  EXPECT_EQ(limit.bytes(), 1u << 19);
  limit.note_refused(4 << 20);
  EXPECT_EQ(limit.bytes(), 1u << 19);
  limit.note_refused(1 << 18);
  EXPECT_EQ(limit.bytes(), 1u << 17);
}

TEST(PeerSizeLimitTest, NeverFallsBelowTheMinimum) {
  PeerSizeLimit limit;
  limit.note_refused(PeerSizeLimit::kBytesMin + 1);
  EXPECT_EQ(limit.bytes(), PeerSizeLimit::kBytesMin);
  limit.note_refused(1000);
  EXPECT_EQ(limit.bytes(), PeerSizeLimit::kBytesMin);
}

TEST(PeerSizeLimitTest, SmallBatchTeachesNothing) {
  PeerSizeLimit limit;
  limit.note_refused(1000);
  EXPECT_EQ(limit.bytes(), 0u);
}

}  // namespace
}  // namespace millrace::pipeline
