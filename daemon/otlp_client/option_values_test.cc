#include "daemon/otlp_client/option_values.h"

#include <gtest/gtest.h>

namespace millrace::load {
namespace {

TEST(OptionValuesTest, DurationsHaveUnits) {
  EXPECT_EQ(parse_duration("2"), 2s);
  EXPECT_EQ(parse_duration("250us"), 250us);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("2m"), 120s);
  EXPECT_EQ(parse_duration("0"), 0s);
  for (const char* wrong : {"", "s", "-1s", "1x", "1 s", "nan", "1e300h"}) {
    EXPECT_FALSE(parse_duration(wrong).has_value()) << wrong;
  }
}

TEST(OptionValuesTest, HeadersAreSplitAtTheFirstSign) {
  EXPECT_EQ(parse_header("X-Tenant=a=b"), (MetadataEntry{"x-tenant", "a=b"}));
  EXPECT_EQ(parse_header("authorization: Bearer x:y"),
            (MetadataEntry{"authorization", "Bearer x:y"}));
  EXPECT_FALSE(parse_header("=x").has_value());
  EXPECT_FALSE(parse_header("x").has_value());
}

TEST(OptionValuesTest, CodesHaveNamesAndNumbers) {
  EXPECT_EQ(parse_code("unavailable"), Code::kUnavailable);
  EXPECT_EQ(parse_code("RESOURCE_EXHAUSTED"), Code::kResourceExhausted);
  EXPECT_EQ(parse_code("3"), Code::kInvalidArgument);
  EXPECT_FALSE(parse_code("17").has_value());
  EXPECT_FALSE(parse_code("busy").has_value());
}

TEST(OptionValuesTest, EndpointsAreParsed) {
  const struct {
    const char* text;
    const char* host;
    uint16_t port;
    const char* path;
    bool tls;
  } kCases[] = {
      {"localhost:1234", "localhost", 1234, "", false},
      {"localhost", "localhost", 4317, "", false},
      {":9", "localhost", 9, "", false},
      {"26555", "localhost", 26555, "", false},
      {"[::1]:55", "::1", 55, "", false},
      {"[::1]", "::1", 4317, "", false},
      {"http://10.0.0.1:80/", "10.0.0.1", 80, "", false},
      {"https://example.org/otlp/v1", "example.org", 4317, "/otlp/v1", true},
  };
  for (const auto& each : kCases) {
    const auto endpoint = parse_endpoint(each.text, 4317);
    ASSERT_TRUE(endpoint.has_value()) << each.text;
    EXPECT_EQ(endpoint->host, each.host) << each.text;
    EXPECT_EQ(endpoint->port, each.port) << each.text;
    EXPECT_EQ(endpoint->path, each.path) << each.text;
    EXPECT_EQ(endpoint->tls, each.tls) << each.text;
  }
  for (const char* wrong : {"[::1", "host:", "host:x", "host:65536", "[::1]x", "65536"}) {
    EXPECT_FALSE(parse_endpoint(wrong, 4317).has_value()) << wrong;
  }
}

// Without brackets the end of an IPv6 address was parsed as the port.
TEST(OptionValuesTest, AnIPv6AddressWithoutBracketsIsRefused) {
  for (const char* wrong : {"fe80::1", "::1:4317", "3:3]:4317", "[[::1]]:4317", "a]b:1"}) {
    EXPECT_FALSE(parse_endpoint(wrong, 4317).has_value()) << wrong;
  }
}

TEST(OptionValuesTest, DurationsAreShownWithThreeDigits) {
  EXPECT_EQ(duration_text(999ns), "999 ns");
  EXPECT_EQ(duration_text(12'345ns), "12.3 µs");
  EXPECT_EQ(duration_text(1'250us), "1.25 ms");
  EXPECT_EQ(duration_text(12s), "12 s");
}

}  // namespace
}  // namespace millrace::load
