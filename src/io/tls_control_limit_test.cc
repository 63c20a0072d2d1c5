#include "io/tls_control_limit.h"

#include <gtest/gtest.h>

namespace millrace::io {
namespace {

TEST(TlsControlLimitTest, RefusesTheMessageAboveTheLimitOfAnInterval) {
  TlsControlLimit limit;
  const MonotonicTime begin{Duration(1h)};
  for (int i = 0; i < TlsControlLimit::kMessagesMax; ++i) EXPECT_TRUE(limit.admit(begin + 1s));
  EXPECT_FALSE(limit.admit(begin + 2s));
  EXPECT_FALSE(limit.admit(begin + 1s + TlsControlLimit::kInterval - 1ns));
}

TEST(TlsControlLimitTest, ANewIntervalBeginsWithTheFirstMessageBehindTheOldOne) {
  TlsControlLimit limit;
  const MonotonicTime begin{Duration(1h)};
  for (int i = 0; i < TlsControlLimit::kMessagesMax; ++i) EXPECT_TRUE(limit.admit(begin));
  const MonotonicTime later = begin + TlsControlLimit::kInterval;
  for (int i = 0; i < TlsControlLimit::kMessagesMax; ++i) EXPECT_TRUE(limit.admit(later));
  EXPECT_FALSE(limit.admit(later));
}

}  // namespace
}  // namespace millrace::io
