#include "transport/client/client_call.h"

#include <gtest/gtest.h>

namespace millrace::transport {
namespace {

TEST(MediaTypeTest, TypesAreReadWithoutCaseAndParameters) {
  EXPECT_EQ(media_type_of(""), MediaType::kNone);
  EXPECT_EQ(media_type_of(" ; a=b"), MediaType::kNone);
  EXPECT_EQ(media_type_of("application/grpc"), MediaType::kGrpc);
  EXPECT_EQ(media_type_of("Application/GRPC+proto"), MediaType::kGrpc);
  EXPECT_EQ(media_type_of("application/grpc-web"), MediaType::kOther);
  EXPECT_EQ(media_type_of("application/x-protobuf ; v=1"), MediaType::kProtobuf);
  EXPECT_EQ(media_type_of("application/JSON"), MediaType::kJson);
  EXPECT_EQ(media_type_of("text/html"), MediaType::kOther);
}

}  // namespace
}  // namespace millrace::transport
