#include "daemon/console_client/console_answer.h"

#include <gtest/gtest.h>

namespace millrace::console_client {
namespace {

Result<std::string> answer(int status, std::string body, bool has_token = false) {
  return body_of(transport::WebResponse{.status = status, .body = std::move(body)},
                 {.address = "http://a:1", .has_token = has_token});
}

TEST(ConsoleAnswerTest, ASuccessIsItsBody) { EXPECT_EQ(*answer(200, "{}"), "{}"); }

TEST(ConsoleAnswerTest, ErrorsSayWhatToDo) {
  const auto silent = body_of(fail(Code::kUnavailable, "connection refused"), {"http://a:1"});
  EXPECT_TRUE(silent.error().message.starts_with(
      "no console answers at http://a:1: connection refused\nDoes the collector run"));
  EXPECT_TRUE(answer(401, "{}").error().message.contains("wants a token: --token-file"));
  EXPECT_EQ(answer(401, "{}", true).error().message,
            "the console at http://a:1 refuses this token");
  const auto wrong = answer(400, R"({"error":{"code":"bad_request","message":"limit: expected"}})");
  EXPECT_EQ(wrong.error().code, Code::kInvalidArgument);
  EXPECT_EQ(wrong.error().message, "limit: expected");
  for (const char* body : {"404 page not found", "", "{}", "[1]"}) {
    EXPECT_EQ(answer(404, body).error().message,
              "http://a:1 is not the console of a collector: it answers with HTTP status 404");
  }
}

}  // namespace
}  // namespace millrace::console_client
