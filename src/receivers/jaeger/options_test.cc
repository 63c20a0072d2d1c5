#include "receivers/jaeger/options.h"

#include <gtest/gtest.h>

#include "receivers/jaeger/jaeger.h"
#include "yaml/parse.h"

namespace millrace::receivers::jaeger {
namespace {

std::string read_text(std::string_view text, Options& into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "receivers::jaeger");
  read_options(section, into);
  section.finish();
  return diagnostics.to_text();
}

TEST(JaegerOptionsTest, DefaultsAreOtelcols) {
  Options options;
  EXPECT_EQ(
      read_text("protocols: {grpc: , thrift_http: , thrift_compact: , thrift_binary: }", options),
      "");
  EXPECT_EQ(options.grpc->endpoint, "localhost:14250");
  EXPECT_EQ(options.thrift_http->endpoint, "localhost:14268");
  EXPECT_EQ(options.thrift_compact->endpoint, "localhost:6831");
  EXPECT_EQ(options.thrift_binary->endpoint, "localhost:6832");
  EXPECT_EQ(options.thrift_compact->datagrams.bytes_max, 65'000u);
  EXPECT_EQ(options.thrift_compact->datagrams.kernel_buffer_bytes, 0u);
}

TEST(JaegerOptionsTest, OnlyTheProtocolsThatAreNamedListen) {
  Options options;
  EXPECT_EQ(read_text("protocols: {thrift_compact: {endpoint: 0.0.0.0:7000}}", options), "");
  const reception::ReceiverReading reading = make_reading(options);
  ASSERT_EQ(reading.listeners.size(), 1u);
  EXPECT_EQ(reading.listeners[0].protocol, "udp_thrift_compact");
  EXPECT_EQ(reading.listeners[0].options.host, "0.0.0.0");
  EXPECT_EQ(reading.listeners[0].options.port, 7000);
  EXPECT_TRUE(reading.listeners[0].datagrams);
}

TEST(JaegerOptionsTest, KeysOfEachProtocolAreRead) {
  Options options;
  read_text(
      "protocols:\n  grpc: {max_recv_msg_size_mib: 3}\n  thrift_http: {max_request_body_size: "
      "100}\n"
      "  thrift_binary: {max_packet_size: 1000, socket_buffer_size: 5000, queue_size: 3, workers: "
      "2}\n",
      options);
  const reception::ReceiverReading reading = make_reading(options);
  ASSERT_EQ(reading.listeners.size(), 3u);
  const transport::ServerOptions& grpc = reading.listeners[0].server;
  EXPECT_FALSE(grpc.serves_http);
  EXPECT_EQ(grpc.grpc_message_bytes_max, size_t{3} << 20);
  ASSERT_EQ(grpc.otlp_routes.size(), 1u);
  EXPECT_EQ(grpc.otlp_routes[0].grpc_path, "/jaeger.api_v2.CollectorService/PostSpans");
  const transport::ServerOptions& http = reading.listeners[1].server;
  EXPECT_FALSE(http.serves_grpc);
  EXPECT_EQ(http.http_body_bytes_max, 100u);
  EXPECT_EQ(http.otlp_routes.at(0).http_path, "/api/traces");
  EXPECT_EQ(reading.listeners[2].datagrams->bytes_max, 1000u);
  EXPECT_EQ(reading.listeners[2].datagrams->kernel_buffer_bytes, 5000u);
}

TEST(JaegerOptionsTest, AReceiverWithoutAProtocolIsAnErrorAsInOtelcol) {
  Options options;
  EXPECT_TRUE(read_text("", options).contains("must specify at least one protocol"));
  EXPECT_TRUE(read_text("protocols: {}", options).contains("must specify at least one protocol"));
}

TEST(JaegerOptionsTest, WhatOtelcolRefusesIsRefusedAndUnknownKeysAreNamed) {
  Options options;
  EXPECT_TRUE(read_text("protocols: {grpc: }\nremote_sampling: {host_endpoint: a}", options)
                  .contains("jaegerremotesampling"));
  EXPECT_TRUE(read_text("protocols: {thrift_compakt: }", options).contains("thrift_compact"));
}

}  // namespace
}  // namespace millrace::receivers::jaeger
