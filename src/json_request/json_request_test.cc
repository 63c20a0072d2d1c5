#include "json_request/json_request.h"

#include <gtest/gtest.h>

#include <string>

#include "memory/testing/test_work.h"
#include "otlp/example_requests.h"
#include "otlp/json/encode.h"

namespace millrace {
namespace {

using testing::TestWork;

const Bytes& request() {
  static const Bytes bytes = otlp::example_request_with_everything(Signal::kTraces);
  return bytes;
}

TEST(JsonRequestTest, TheTextIsTheEncodersText) {
  TestWork work;
  const Result<Rope> text = encode_as_json(Signal::kTraces, Rope(request()), work.work, "a test");
  ASSERT_TRUE(text.has_value()) << text.error().message;
  std::string expected;
  ASSERT_TRUE(otlp::json::encode_request(Signal::kTraces, request().view(), &expected));
  EXPECT_EQ(as_text(text->to_bytes().view()), expected);
}

TEST(JsonRequestTest, ATextThatIsLargerThanTheBudgetNamesWhatWasDone) {
  TestWork work(1);
  const Result<Rope> text = encode_as_json(Signal::kTraces, Rope(request()), work.work, "a test");
  ASSERT_FALSE(text.has_value());
  EXPECT_NE(text.error().message.find("a test"), std::string::npos) << text.error().message;
}

}  // namespace
}  // namespace millrace
