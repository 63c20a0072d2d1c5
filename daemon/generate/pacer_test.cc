#include "daemon/generate/pacer.h"

#include <gtest/gtest.h>

namespace millrace::load {
namespace {

constexpr MonotonicTime kStart{Duration(5'000'000'000)};

TEST(PacerTest, FirstRequestIsDueAtOnce) {
  Pacer pacer(kStart, 1000);
  EXPECT_FALSE(pacer.due(kStart - 1ns));
  EXPECT_TRUE(pacer.due(kStart));
  EXPECT_EQ(pacer.take(), kStart);
  EXPECT_EQ(pacer.next_due(), kStart + 1ms);
}

TEST(PacerTest, LateRequestsKeepTheirDueTimes) {
  Pacer pacer(kStart, 100);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(pacer.take(), kStart + i * 10ms);
  EXPECT_EQ(pacer.backlog(kStart + 100ms), 6u);
}

TEST(PacerTest, RateIsKeptOverHours) {
  Pacer pacer(kStart, 3);
  uint64_t count = 0;
  while (pacer.due(kStart + 3599s)) {
    pacer.take();
    ++count;
  }
  EXPECT_EQ(count, 3u * 3599 + 1);
}

}  // namespace
}  // namespace millrace::load
