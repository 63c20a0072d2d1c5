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

TEST(EndpointTest, PathsOfUnixSockets) {
  for (const char* text : {"/run/otlp.sock", "unix:///run/otlp.sock", "unix:/run/otlp.sock"}) {
    EXPECT_EQ(parse_unix_endpoint(text)->host, "unix:/run/otlp.sock") << text;
  }
  for (const char* text : {"", "/", "otlp.sock", "unix://otlp.sock", "localhost:4317", "/run/"}) {
    EXPECT_FALSE(parse_unix_endpoint(text)) << text;
  }
  EXPECT_FALSE(parse_unix_endpoint("/" + std::string(107, 'x')));
  const Error error = parse_endpoint("unix:///run/otlp.sock").error();
  EXPECT_NE(error.message.find("transport: unix"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace millrace::config
