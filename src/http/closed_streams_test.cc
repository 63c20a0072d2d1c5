#include "http/closed_streams.h"

#include <gtest/gtest.h>

namespace millrace::http {
namespace {

using By = ClosedStreams::By;

TEST(ClosedStreamsTest, SaysWhichSideEndedAStream) {
  ClosedStreams closed;
  closed.add(1, By::kPeer);
  closed.add(3, By::kUs);
  EXPECT_EQ(closed.find(1), By::kPeer);
  EXPECT_EQ(closed.find(3), By::kUs);
  EXPECT_EQ(closed.find(5), std::nullopt);
}

TEST(ClosedStreamsTest, TheOldestIsForgotten) {
  ClosedStreams closed;
  constexpr auto kCount = static_cast<int32_t>(ClosedStreams::kCountMax);
  for (int32_t i = 0; i < kCount; ++i) closed.add(2 * i + 1, By::kPeer);
  EXPECT_EQ(closed.find(1), By::kPeer);
  closed.add(2 * kCount + 1, By::kUs);
  EXPECT_EQ(closed.find(1), std::nullopt);
  EXPECT_EQ(closed.find(3), By::kPeer);
  EXPECT_EQ(closed.find(2 * kCount + 1), By::kUs);
}

}  // namespace
}  // namespace millrace::http
