#include "receivers/otlp/options.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::receivers {
namespace {

std::string read(std::string_view text, OtlpReceiverOptions& into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "receivers::otlp");
  read_otlp_receiver(section, into);
  section.finish();
  return diagnostics.to_text();
}

TEST(OtlpReceiverOptionsTest, MentionedProtocolHasDefaults) {
  OtlpReceiverOptions options;
  EXPECT_EQ(read("protocols:\n  grpc:\n  http:\n", options), "");
  EXPECT_EQ(options.grpc->endpoint, "localhost:4317");
  EXPECT_EQ(options.grpc->port, 4317);
  EXPECT_EQ(options.grpc->message_bytes_max, size_t{64} << 20);
  EXPECT_EQ(options.http->host, "localhost");
  EXPECT_EQ(options.http->port, 4318);
  EXPECT_EQ(options.http->message_bytes_max, size_t{64} << 20);
}

TEST(OtlpReceiverOptionsTest, OneProtocolIsEnoughAndNoneIsNot) {
  OtlpReceiverOptions options;
  EXPECT_EQ(read("protocols: {http: {endpoint: \"[::]:0\"}}", options), "");
  EXPECT_FALSE(options.grpc.has_value());
  EXPECT_EQ(options.http->host, "::");
  options = {};
  EXPECT_EQ(read("{}", options),
            "a.yaml:1:1: error: receivers::otlp: must specify at least one protocol when using "
            "the OTLP receiver: protocols::grpc or protocols::http\n");
}

TEST(OtlpReceiverOptionsTest, EveryGrpcKeyIsRead) {
  OtlpReceiverOptions options;
  EXPECT_EQ(read("protocols:\n  grpc:\n    endpoint: :0\n    transport: tcp4\n"
                 "    max_recv_msg_size_mib: 8\n    max_concurrent_streams: 7\n"
                 "    include_metadata: true\n    acknowledge: delivered\n"
                 "    tls: {cert_file: a.pem}\n    keepalive:\n"
                 "      server_parameters: {max_connection_idle: 1m, max_connection_age: 2m, "
                 "max_connection_age_grace: 3m, time: 4m, timeout: 5s}\n"
                 "      enforcement_policy: {min_time: 6s, permit_without_stream: true}\n",
                 options),
            "");
  EXPECT_EQ(options.grpc->host, "");
  EXPECT_EQ(options.grpc->message_bytes_max, size_t{8} << 20);
  EXPECT_EQ(options.grpc->streams_max, 7u);
  EXPECT_EQ(options.grpc->acknowledge, Acknowledge::kDelivered);
  EXPECT_EQ(options.grpc->tls_path, "receivers::otlp::protocols::grpc::tls");
  EXPECT_EQ(options.grpc->age_grace, 3min);
  EXPECT_EQ(options.grpc->ping_after, 4min);
  EXPECT_EQ(options.grpc->ping_min_interval, 6s);
  EXPECT_TRUE(options.grpc->ping_without_stream);
}

TEST(OtlpReceiverOptionsTest, EveryHttpKeyIsRead) {
  OtlpReceiverOptions options;
  EXPECT_EQ(read("protocols:\n  http:\n    max_request_body_size: 1000\n"
                 "    traces_url_path: in/traces\n    metrics_url_path: /m\n"
                 "    cors: {allowed_origins: [\"*\"], allowed_headers: [x], max_age: 7200}\n"
                 "    response_headers: {X-A: b}\n    compression_algorithms: [gzip]\n"
                 "    read_timeout: 1s\n    read_header_timeout: 2s\n    write_timeout: 3s\n"
                 "    keepalive: {enabled: false, idle_timeout: 4s}\n",
                 options),
            "");
  EXPECT_EQ(options.http->message_bytes_max, 1000u);
  EXPECT_EQ(options.http->traces_path, "/in/traces");
  EXPECT_EQ(options.http->metrics_path, "/m");
  EXPECT_EQ(options.http->cors_max_age_s, 7200);
  EXPECT_EQ(options.http->response_headers[0].name, "x-a");
  EXPECT_EQ(options.http->encodings, std::vector<std::string>{"gzip"});
  EXPECT_FALSE(options.http->keepalive);
}

TEST(OtlpReceiverOptionsTest, FlatKeepAlivesWarnAndWork) {
  OtlpReceiverOptions options;
  EXPECT_EQ(read("protocols: {http: {idle_timeout: 5s}}", options),
            "a.yaml:1:34: warning: receivers::otlp::protocols::http::idle_timeout: deprecated: "
            "use keepalive::idle_timeout\n");
  EXPECT_EQ(options.http->keepalive_idle, 5s);
  EXPECT_NE(read("protocols: {http: {idle_timeout: 5s, keepalive: {}}}", options)
                .find("give only keepalive"),
            std::string::npos);
}

// As in otelcol there is none then; a warning says so, since it may be a mistake.
TEST(OtlpReceiverOptionsTest, EmptyTlsAndAuthAreNone) {
  OtlpReceiverOptions options;
  const std::string found = read("protocols: {grpc: {tls: , auth: }}", options);
  EXPECT_EQ(found.find("error"), std::string::npos) << found;
  EXPECT_NE(found.find("the port is in clear text"), std::string::npos) << found;
  EXPECT_NE(found.find("there is no authentication"), std::string::npos) << found;
  EXPECT_FALSE(options.grpc->tls.has_value());
  EXPECT_FALSE(options.grpc->auth.has_value());
}

TEST(OtlpReceiverOptionsTest, MistakesAreNamed) {
  const std::pair<const char*, const char*> kCases[] = {
      {"{grpc: {endpoint: localhost}}", "expected host:port"},
      {"{grpc: {endpoint: \"http://localhost:4317\"}}", "expected host:port"},
      {"{grpc: {endpoint: \"localhost:99999\"}}", "expected host:port"},
      {"{grpc: {transport: udp}}", "expected tcp, tcp4, tcp6 or unix"},
      {"{grpc: {transport: unix}}", "expected the absolute path of a unix socket"},
      {"{grpc: {auth: {}}}", "must name an extension"},
      {"{http: {auth: {authenticator: a, request_params: [t]}}}", "in the query"},
      {"{grpc: {limits: {key: tenant}}}", "found \"tenant\""},
      {"{http: {compression_algorithms: [lz4]}}", "lz4 is not in this version; expected gzip"},
      {"{http: {compression_algorithms: [gzipp]}}", "expected gzip, zstd"},
      {"{htp: {}}", "did you mean \"http\"?"},
      {"{http: {endpont: \"localhost:1\"}}", "did you mean \"endpoint\"?"},
  };
  for (const auto& [text, expected] : kCases) {
    OtlpReceiverOptions options;
    const std::string found = read("protocols: " + std::string(text), options);
    EXPECT_NE(found.find(expected), std::string::npos) << text << " gave " << found;
  }
}

}  // namespace
}  // namespace millrace::receivers
