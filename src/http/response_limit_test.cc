#include "http/response_limit.h"

#include <gtest/gtest.h>

namespace millrace::http {
namespace {

TEST(ResponseLimitTest, EachLimitHasItsWord) {
  EXPECT_EQ(response_limit_name(ResponseLimit::kNone), "none");
  EXPECT_EQ(response_limit_name(ResponseLimit::kInterim), "interim_responses");
  EXPECT_EQ(response_limit_name(ResponseLimit::kUnreadOutput), "unread_output");
}

}  // namespace
}  // namespace millrace::http
