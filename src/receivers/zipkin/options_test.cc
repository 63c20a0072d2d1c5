#include "receivers/zipkin/options.h"

#include <gtest/gtest.h>

#include "receivers/zipkin/zipkin.h"
#include "yaml/parse.h"

namespace millrace::receivers::zipkin {
namespace {

std::string read_text(std::string_view text, Options& into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "receivers::zipkin");
  read_options(section, into);
  section.finish();
  return diagnostics.to_text();
}

TEST(ZipkinOptionsTest, DefaultsAreOtelcols) {
  Options options;
  EXPECT_EQ(read_text("", options), "");
  EXPECT_EQ(options.http.endpoint, "localhost:9411");
  EXPECT_EQ(options.http.host, "localhost");
  EXPECT_EQ(options.http.port, 9411);
  EXPECT_FALSE(options.parse_string_tags);
}

TEST(ZipkinOptionsTest, KeysOfAnHttpServerAreRead) {
  Options options;
  EXPECT_EQ(
      read_text("endpoint: 0.0.0.0:9412\nparse_string_tags: true\nmax_request_body_size: 100\n"
                "cors: {allowed_origins: [\"*\"]}\nkeepalive: {idle_timeout: 7s}\n"
                "read_header_timeout: 3s\nacknowledge: delivered\n",
                options),
      "");
  EXPECT_EQ(options.http.port, 9412);
  EXPECT_TRUE(options.parse_string_tags);
  EXPECT_EQ(options.http.message_bytes_max, 100u);
  const reception::ReceiverReading reading = make_reading(options);
  ASSERT_EQ(reading.listeners.size(), 1u);
  const transport::ServerOptions& server = reading.listeners[0].server;
  EXPECT_FALSE(server.serves_grpc);
  EXPECT_EQ(server.port_protocol, transport::Protocol::kHttp);
  EXPECT_EQ(server.http_body_bytes_max, 100u);
  EXPECT_EQ(server.cors.allowed_origins.size(), 1u);
  EXPECT_EQ(server.idle_max, 7s);
  EXPECT_EQ(server.header_timeout, 3s);
  ASSERT_EQ(server.otlp_routes.size(), 1u);
  EXPECT_EQ(server.otlp_routes[0].http_path, "/api/v2/spans");
}

TEST(ZipkinOptionsTest, UnknownKeysAreNamed) {
  Options options;
  EXPECT_NE(read_text("parse_string_tag: true", options).find("parse_string_tags"),
            std::string::npos);
}

}  // namespace
}  // namespace millrace::receivers::zipkin
