#include "transport/rpc_status.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace millrace::transport {
namespace {

TEST(RpcStatusTest, PlainStatusIsCodeAndMessage) {
  const RpcStatus status{.code = Code::kInvalidArgument, .message = "bad"};
  EXPECT_EQ(encode_rpc_status(status), std::string("\x08\x03\x12\x03"
                                                   "bad"));
  EXPECT_EQ(encode_rpc_status_json(status), R"({"code":3,"message":"bad"})");
}

TEST(RpcStatusTest, DetailsRoundTrip) {
  const RpcStatus status{.code = Code::kUnavailable,
                         .message = "later",
                         .retry_delay = 1500ms,
                         .bad_field = "resource_spans[0]",
                         .bad_field_description = "truncated"};
  EXPECT_EQ(decode_rpc_status(as_span(encode_rpc_status(status))), status);
}

TEST(RpcStatusTest, RetryInfoAsOtherImplementationsWriteIt) {
  // grpc-go: status.New(codes.Unavailable, "x").WithDetails(&errdetails.RetryInfo{1s}).
  std::string bytes("\x08\x0e\x12\x01x\x1a\x30\x0a\x28type.googleapis.com/google.rpc.RetryInfo",
                    49);
  bytes += std::string("\x12\x04\x0a\x02\x08\x01", 6);
  const auto status = decode_rpc_status(as_span(bytes));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->retry_delay, 1s);
  EXPECT_EQ(encode_rpc_status(*status), bytes);
}

TEST(RpcStatusTest, EveryCutIsRefusedOrAShorterStatus) {
  const std::string whole = encode_rpc_status(
      {.code = Code::kUnavailable, .message = "later", .retry_delay = 2s, .bad_field = "f"});
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto status = decode_rpc_status(as_span(std::string_view(whole).substr(0, size)));
    if (status) {
      EXPECT_NE(encode_rpc_status(*status), whole) << size;
    }
  }
}

TEST(RpcStatusTest, JsonEscapesAndCarriesDetails) {
  const RpcStatus status{.code = Code::kUnavailable,
                         .message = "a \"b\"\\\n",
                         .retry_delay = 1500ms,
                         .bad_field = "f"};
  EXPECT_EQ(
      encode_rpc_status_json(status),
      R"({"code":14,"message":"a \"b\"\\\n","details":[)"
      R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.500000000s"},)"
      R"({"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"f"}]}]})");
}

TEST(RpcStatusTest, HostileDurationsDoNotOverflow) {
  RpcStatus status{.code = Code::kUnavailable, .message = "", .retry_delay = Duration::max()};
  const auto read = decode_rpc_status(as_span(encode_rpc_status(status)));
  ASSERT_TRUE(read);
  EXPECT_GE(*read->retry_delay, 24h * 365);
}

}  // namespace
}  // namespace millrace::transport
