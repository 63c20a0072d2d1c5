#include <gtest/gtest.h>

#include "daemon/console_client/console_client.h"

namespace millrace::console_client {
namespace {

TEST(ConsoleErrorTest, NothingOfAnAnswerCommandsTheTerminal) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(print_error({Code::kNotFound, "no trace \x1b]0;x\x07\nDoes it run?"}), 1);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "Error: no trace \\u001b]0;x\\u0007\nDoes it run?\n");
}

}  // namespace
}  // namespace millrace::console_client
