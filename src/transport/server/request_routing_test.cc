#include "transport/server/request_routing.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::transport {
namespace {

TEST(RequestRoutingTest, StarsOfAllowedOriginsStandForAnyRun) {
  CorsOptions cors;
  cors.allowed_origins = {"https://*.example.com", "http://localhost:*"};
  EXPECT_TRUE(origin_allowed(cors, "https://a.b.example.com"));
  EXPECT_TRUE(origin_allowed(cors, "http://localhost:8080"));
  EXPECT_FALSE(origin_allowed(cors, "https://example.com"));
  EXPECT_FALSE(origin_allowed(cors, "http://a.example.com"));
  EXPECT_FALSE(origin_allowed(cors, ""));
}

// Trying every cut took as many steps as the origin has bytes, once for each star: any client could
// keep a worker busy for hours with one header field.
TEST(RequestRoutingTest, OriginsAgainstSeveralStarsAreReadOnce) {
  CorsOptions cors;
  cors.allowed_origins = {"http://*a*a*a*a*a*b"};
  EXPECT_FALSE(origin_allowed(cors, "http://" + std::string(60'000, 'a')));
}

}  // namespace
}  // namespace millrace::transport
