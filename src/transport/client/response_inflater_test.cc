#include "transport/client/response_inflater.h"

#include <gtest/gtest.h>

#include <string>

#include "compress/compressor.h"

namespace millrace::transport {
namespace {

TEST(ResponseInflaterTest, AnUnknownCodingIsNamed) {
  ResponseInflater inflater(1000, nullptr);
  const auto inflated = inflater.inflate("br", "abc");
  ASSERT_FALSE(inflated);
  EXPECT_EQ(inflated.error().code, Code::kUnimplemented);
  EXPECT_EQ(inflated.error().message, "unknown coding \"br\"");
}

TEST(ResponseInflaterTest, WithoutACodingABodyIsAsItIs) {
  ResponseInflater inflater(1000, nullptr);
  const auto inflated = inflater.inflate("identity", "abc");
  ASSERT_TRUE(inflated) << inflated.error().message;
  EXPECT_EQ(inflated->text(), "abc");
}

TEST(ResponseInflaterTest, ACorruptBodyIsAnError) {
  ResponseInflater inflater(1000, nullptr);
  const auto inflated = inflater.inflate("gzip", "no gzip");
  ASSERT_FALSE(inflated);
  EXPECT_EQ(inflated.error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace millrace::transport
