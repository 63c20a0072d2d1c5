#include "config/endpoint.h"

#include <gtest/gtest.h>

namespace millrace::config {
namespace {

TEST(EndpointTest, HostAndPortAreTakenApart) {
  EXPECT_EQ(parse_endpoint("localhost:4317")->host, "localhost");
  EXPECT_EQ(parse_endpoint(":4317")->host, "");
  EXPECT_EQ(parse_endpoint("[::1]:4317")->host, "::1");
  EXPECT_EQ(parse_endpoint("0.0.0.0:65535")->port, 65535);
}

TEST(EndpointTest, BracketsInsideAHostAreRefused) {
  for (const char* wrong : {"[[::1]]:4317", "[[%]:1", "a]b:1", "[::1:1", "::1:1", "http://a:1"}) {
    EXPECT_FALSE(parse_endpoint(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace millrace::config
