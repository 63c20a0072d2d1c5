#include "base/retryable.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(RetryableTest, TheListsAreThoseOfOtlp) {
  for (int code = 0; code <= 16; ++code) {
    const bool listed =
        code == 1 || code == 4 || code == 10 || code == 11 || code == 14 || code == 15;
    EXPECT_EQ(is_retryable_code(static_cast<Code>(code)), listed) << code;
  }
  for (int status = 100; status < 600; ++status) {
    const bool listed = status == 429 || (status >= 502 && status <= 504);
    EXPECT_EQ(is_retryable_http_status(status), listed) << status;
  }
}

}  // namespace
}  // namespace millrace
