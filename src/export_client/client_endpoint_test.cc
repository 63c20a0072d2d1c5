#include "export_client/client_endpoint.h"

#include <gtest/gtest.h>

namespace millrace::exporters {
namespace {

TEST(ClientEndpointTest, GrpcForms) {
  const auto plain = parse_grpc_endpoint("collector:4317");
  EXPECT_EQ(plain->host, "collector");
  EXPECT_EQ(plain->port, 4317);
  EXPECT_EQ(plain->scheme, EndpointScheme::kNone);
  EXPECT_EQ(plain->authority(), "collector:4317");
  EXPECT_EQ(parse_grpc_endpoint("http://a:1")->scheme, EndpointScheme::kHttp);
  EXPECT_EQ(parse_grpc_endpoint("https://a:443")->scheme, EndpointScheme::kHttps);
  EXPECT_EQ(parse_grpc_endpoint("dns:///a:1")->host, "a");
  EXPECT_EQ(parse_grpc_endpoint("dns:a:1")->host, "a");
  EXPECT_EQ(parse_grpc_endpoint("[::1]:4317")->host, "::1");
  EXPECT_EQ(parse_grpc_endpoint("[::1]:4317")->authority(), "[::1]:4317");
}

TEST(ClientEndpointTest, GrpcOverUnixSockets) {
  for (const char* text :
       {"unix:///run/otlp.sock", "unix:/run/otlp.sock", "unix:////run/otlp.sock"}) {
    const auto endpoint = parse_grpc_endpoint(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_TRUE(endpoint->is_unix());
    EXPECT_EQ(endpoint->host, "unix:/run/otlp.sock");
    EXPECT_EQ(endpoint->authority(), "localhost");
  }
}

// otelcol starts with these and fails each request.
TEST(ClientEndpointTest, AUrlWithoutHttpIsReadAsGoReadsIt) {
  EXPECT_EQ(parse_url_without_http("collector:4318")->unsupported_scheme, "collector");
  EXPECT_TRUE(parse_url_without_http("collector:4318")->has_no_http_scheme);
  EXPECT_EQ(parse_url_without_http("ftp://a")->unsupported_scheme, "ftp");
  EXPECT_EQ(parse_url_without_http("collector/otlp")->unsupported_scheme, "");
  for (const char* text :
       {"", "10.0.0.1:4318", "[::1]:4318", "a_b:4318", "http:a", "http://", "a b", ":4318"}) {
    EXPECT_FALSE(parse_url_without_http(text)) << text;
  }
}

TEST(ClientEndpointTest, GrpcMistakes) {
  for (const char* text : {"",
                           "collector",
                           "collector:",
                           "collector:http",
                           "collector:0",
                           "collector:65536",
                           ":4317",
                           "::1:4317",
                           "[::1:4317",
                           "[::1]",
                           "a:1/",
                           "http://a:1/path",
                           "unix://tmp/x",
                           "unix:",
                           "unix-abstract:x",
                           "ftp://a:1",
                           "dns://8.8.8.8/a:1",
                           "dns://a",
                           "a b:1",
                           "u@h:1",
                           "a:+1"}) {
    EXPECT_FALSE(parse_grpc_endpoint(text)) << text;
  }
}

TEST(ClientEndpointTest, HttpForms) {
  const auto url = parse_http_endpoint("https://api.example.com/otlp/");
  EXPECT_EQ(url->host, "api.example.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->path, "/otlp");
  EXPECT_EQ(url->authority(), "api.example.com");
  EXPECT_EQ(parse_http_endpoint("http://a")->port, 80);
  EXPECT_EQ(parse_http_endpoint("HTTPS://a")->port, 443);
  EXPECT_EQ(parse_http_endpoint("http://a:4318")->path, "");
  EXPECT_EQ(parse_http_endpoint("http://[::1]:4318/x?k=v")->path, "/x?k=v");
  EXPECT_EQ(parse_http_endpoint("http://a:4318?k=v")->path, "/?k=v");
}

TEST(ClientEndpointTest, HttpMistakes) {
  for (const char* text :
       {"", "a:4318", "ftp://a", "10.0.0.1:4318", "http:a", "http://", "http://:4318",
        "http://u:p@a/", "http://a:x", "http://a/b c", "http://a:4318\r\nx"}) {
    EXPECT_FALSE(parse_http_endpoint(text)) << text;
  }
}

}  // namespace
}  // namespace millrace::exporters
