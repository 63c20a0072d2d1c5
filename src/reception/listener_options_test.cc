#include "reception/listener_options.h"

#include <gtest/gtest.h>

#include <string>

#include "yaml/parse.h"

namespace millrace::reception {
namespace {

// Reads the section of a listener; the diagnostics as text.
template <class Options, class Read>
std::string read_with(std::string_view text, Options& into, Read read) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "receivers::a");
  read(section, "localhost:4318", into);
  section.finish();
  return diagnostics.to_text();
}
std::string read(std::string_view text, ListenerOptions& into) {
  return read_with(text, into, read_listener);
}
std::string read_http(std::string_view text, HttpListenerOptions& into) {
  return read_with(text, into, read_http_listener);
}
bool complains(std::string_view found, std::string_view part) { return found.contains(part); }

TEST(ListenerOptionsTest, SilenceMeansTheDefaults) {
  HttpListenerOptions options;
  EXPECT_EQ(read_http("{}", options), "");
  EXPECT_EQ(options.endpoint, "localhost:4318");
  EXPECT_EQ(options.host, "localhost");
  EXPECT_EQ(options.port, 4318);
  EXPECT_FALSE(options.tls);
  EXPECT_EQ(options.message_bytes_max, size_t{64} << 20);
  EXPECT_FALSE(options.include_metadata);
  EXPECT_EQ(options.acknowledge, Acknowledge::kDurable);
  EXPECT_FALSE(options.auth);
  EXPECT_FALSE(options.limits);
  EXPECT_EQ(options.cors_max_age_s, 0);
  EXPECT_TRUE(options.cors_allowed_origins.empty());
  EXPECT_EQ(options.encodings.size(), 7u);
  EXPECT_EQ(options.read_timeout, 0s);
  EXPECT_EQ(options.read_header_timeout, 0s);
  EXPECT_EQ(options.write_timeout, 0s);
  EXPECT_TRUE(options.keepalive);
  EXPECT_EQ(options.keepalive_idle, 1min);
}

TEST(ListenerOptionsTest, EveryKeyIsRead) {
  HttpListenerOptions options;
  EXPECT_EQ(read_http(R"(
endpoint: 10.0.0.1:99
transport: tcp4
include_metadata: true
acknowledge: delivered
tls: {cert_file: a.pem}
max_request_body_size: 1
cors: {allowed_origins: ["https://a"], allowed_headers: [b], exposed_headers: [c], max_age: 7}
response_headers: {x-a: b}
compression_algorithms: [gzip, ""]
read_timeout: 1s
read_header_timeout: 2s
write_timeout: 3s
keepalive: {enabled: false, idle_timeout: 4s}
)",
                      options),
            "");
  EXPECT_EQ(options.host, "10.0.0.1");
  EXPECT_EQ(options.port, 99);
  EXPECT_EQ(options.endpoint_place.line, 2u);
  EXPECT_TRUE(options.include_metadata);
  EXPECT_EQ(options.acknowledge, Acknowledge::kDelivered);
  ASSERT_TRUE(options.tls);
  EXPECT_EQ(options.tls_path, "receivers::a::tls");
  EXPECT_EQ(options.message_bytes_max, 1u);
  EXPECT_EQ(options.cors_allowed_origins, std::vector<std::string>{"https://a"});
  EXPECT_EQ(options.cors_allowed_headers, std::vector<std::string>{"b"});
  EXPECT_EQ(options.cors_exposed_headers, std::vector<std::string>{"c"});
  EXPECT_EQ(options.cors_max_age_s, 7);
  ASSERT_EQ(options.response_headers.size(), 1u);
  EXPECT_EQ(options.encodings, (std::vector<std::string>{"gzip", ""}));
  EXPECT_EQ(options.read_timeout, 1s);
  EXPECT_EQ(options.read_header_timeout, 2s);
  EXPECT_EQ(options.write_timeout, 3s);
  EXPECT_FALSE(options.keepalive);
  EXPECT_EQ(options.keepalive_idle, 4s);
}

TEST(ListenerOptionsTest, ZeroIsAllowedWhereItMeansNoLimit) {
  HttpListenerOptions options;
  EXPECT_EQ(read_http("max_request_body_size: 0\ncors: {max_age: 0}\n", options), "");
  EXPECT_EQ(options.message_bytes_max, size_t{64} << 20);
  EXPECT_TRUE(complains(read_http("cors: {max_age: -1}", options), "max_age"));
}

TEST(ListenerOptionsTest, AcknowledgeHasThreeWords) {
  const std::pair<std::string, pipeline::Policy> words[] = {
      {"accepted", pipeline::Policy::kAccepted},
      {"durable", pipeline::Policy::kDurable},
      {"delivered", pipeline::Policy::kDelivered}};
  for (const auto& [word, policy] : words) {
    ListenerOptions options;
    EXPECT_EQ(read("acknowledge: " + word, options), "");
    EXPECT_EQ(policy_of(options.acknowledge), policy) << word;
  }
  ListenerOptions options;
  EXPECT_TRUE(complains(read("acknowledge: never", options), "acknowledge"));
}

TEST(ListenerOptionsTest, TransportsAreTcpAndUnix) {
  for (const std::string transport : {"tcp", "tcp4", "tcp6"}) {
    ListenerOptions options;
    EXPECT_EQ(read("transport: " + transport, options), "") << transport;
  }
  ListenerOptions options;
  EXPECT_EQ(read("{transport: unix, endpoint: /run/a.sock}", options), "");
  EXPECT_EQ(options.host, "unix:/run/a.sock");
  EXPECT_TRUE(complains(read("transport: udp", options),
                        "expected tcp, tcp4, tcp6 or unix, found \"udp\""));
}

TEST(ListenerOptionsTest, ABadEndpointIsNamed) {
  ListenerOptions options;
  EXPECT_TRUE(complains(read("endpoint: no-port", options), "receivers::a::endpoint"));
}

TEST(ListenerOptionsTest, AnEmptyTlsSectionIsClearTextWithAWarning) {
  ListenerOptions options;
  EXPECT_TRUE(complains(read("tls:", options), "warning: receivers::a::tls: is empty"));
  EXPECT_FALSE(options.tls);
}

TEST(ListenerOptionsTest, UnknownEncodingsAreRefused) {
  HttpListenerOptions options;
  EXPECT_TRUE(complains(read_http("compression_algorithms: [br]", options),
                        "expected gzip, zstd, zlib, deflate, snappy, x-snappy-framed or \"\", "
                        "found \"br\""));
  EXPECT_TRUE(complains(read_http("compression_algorithms: [lz4]", options),
                        "lz4 is not in this version; expected"));
}

TEST(ListenerOptionsTest, KeepaliveHasAnOldSpellingThatStandsAlone) {
  HttpListenerOptions options;
  EXPECT_TRUE(complains(read_http("idle_timeout: 5s\nkeep_alives_enabled: false\n", options),
                        "keepalive::idle_timeout"));
  EXPECT_EQ(options.keepalive_idle, 5s);
  EXPECT_FALSE(options.keepalive);
  for (const std::string old : {"idle_timeout: 5s", "keep_alives_enabled: true"}) {
    HttpListenerOptions both;
    EXPECT_TRUE(complains(read_http("keepalive: {enabled: true}\n" + old, both),
                          "error: receivers::a::keepalive: given together with"))
        << old;
  }
}

TEST(ListenerOptionsTest, MiddlewaresAreRefused) {
  ListenerOptions options;
  EXPECT_TRUE(complains(read("middlewares: [a]", options), "middleware extensions are not in"));
}

TEST(ListenerOptionsTest, LimitsAreReadWhereTheyAreGiven) {
  ListenerOptions options;
  EXPECT_EQ(read("limits: {requests_per_second: 5}", options), "");
  EXPECT_TRUE(options.limits);
}

TEST(ListenerOptionsTest, AServerGetsWhatWasConfigured) {
  HttpListenerOptions options;
  options.message_bytes_max = 5;
  options.encodings = {"zstd"};
  options.cors_allowed_origins = {"https://a"};
  options.cors_allowed_headers = {"b"};
  options.cors_exposed_headers = {"c"};
  options.cors_max_age_s = 7;
  options.response_headers = {{"x-a", "b"}};
  transport::ServerOptions server;
  server.serves_http = false;
  serve_http(options, server);
  EXPECT_TRUE(server.serves_http);
  EXPECT_EQ(server.http_body_bytes_max, 5u);
  EXPECT_EQ(server.http_encodings, std::vector<std::string>{"zstd"});
  EXPECT_EQ(server.response_headers.size(), 1u);
  EXPECT_EQ(server.cors.allowed_origins, std::vector<std::string>{"https://a"});
  EXPECT_EQ(server.cors.allowed_headers, std::vector<std::string>{"b"});
  EXPECT_EQ(server.cors.exposed_headers, std::vector<std::string>{"c"});
  EXPECT_EQ(server.cors.max_age_s, 7);
}

TEST(ListenerOptionsTest, TimeoutsOfZeroKeepTheServersOwn) {
  const transport::ServerOptions untouched;
  transport::ServerOptions server;
  HttpListenerOptions options;
  options.keepalive_idle = 9s;
  set_http_timeouts(options, server);
  EXPECT_EQ(server.header_timeout, untouched.header_timeout);
  EXPECT_EQ(server.body_timeout, untouched.body_timeout);
  EXPECT_EQ(server.write_timeout, untouched.write_timeout);
  EXPECT_EQ(server.idle_max, 9s);
  options.read_header_timeout = 1s;
  options.read_timeout = 2s;
  options.write_timeout = 3s;
  set_http_timeouts(options, server);
  EXPECT_EQ(server.header_timeout, 1s);
  EXPECT_EQ(server.body_timeout, 2s);
  EXPECT_EQ(server.write_timeout, 3s);
}

}  // namespace
}  // namespace millrace::reception
