#include "exporters/otlp/options.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::exporters {
namespace {

template <class Options>
std::string read(std::string_view text, Options& into, void (*reader)(config::Section&, Options&)) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value());
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "exporters::otlp");
  reader(section, into);
  section.finish();
  return diagnostics.has_errors() ? diagnostics.to_text() : "";
}
std::string grpc(std::string_view text, GrpcOptions& into) {
  return read(text, into, read_grpc_options);
}
std::string http(std::string_view text, HttpOptions& into) {
  return read(text, into, read_http_options);
}

TEST(OtlpExporterOptionsTest, GrpcDefaultsAreOtelcols) {
  GrpcOptions options;
  EXPECT_EQ(grpc("endpoint: a:4317", options), "");
  EXPECT_EQ(options.compression, compress::Coding::kGzip);
  EXPECT_EQ(options.helper.timeout, Duration(5s));
  EXPECT_TRUE(options.uses_tls());
  EXPECT_FALSE(options.pick_first);
  EXPECT_EQ(options.ping_after, Duration(0));
}

TEST(OtlpExporterOptionsTest, EveryGrpcKeyIsRead) {
  GrpcOptions options;
  EXPECT_EQ(grpc("endpoint: a:4317\ncompression: zstd\ntls: {insecure: true}\n"
                 "headers: {X-Token: t}\nuser_agent: me\nauthority: other\n"
                 "balancer_name: pick_first\nwait_for_ready: true\n"
                 "keepalive: {time: 1m, timeout: 7s, permit_without_stream: false}\n"
                 "read_buffer_size: 1\nwrite_buffer_size: 1\ntimeout: 9s\n"
                 "retry_on_failure: {enabled: false}\nsending_queue: {queue_size: 7}\n"
                 "retry_resource_exhausted: true\n",
                 options),
            "");
  EXPECT_EQ(options.compression, compress::Coding::kZstd);
  EXPECT_FALSE(options.uses_tls());
  ASSERT_EQ(options.headers.size(), 1u);
  EXPECT_EQ(options.headers[0].name, "x-token");
  EXPECT_EQ(options.user_agent, "me");
  EXPECT_EQ(options.authority, "other");
  EXPECT_TRUE(options.pick_first);
  EXPECT_EQ(options.ping_after, Duration(1min));
  EXPECT_EQ(options.ping_timeout, Duration(7s));
  EXPECT_EQ(options.helper.timeout, Duration(9s));
  EXPECT_FALSE(options.helper.retry.enabled);
  EXPECT_EQ(options.helper.queue.queue_size, 7);
  EXPECT_TRUE(options.retry_resource_exhausted);
}

TEST(OtlpExporterOptionsTest, SchemeOfAGrpcEndpointDecidesTls) {
  GrpcOptions options;
  EXPECT_EQ(grpc("endpoint: http://a:4317", options), "");
  EXPECT_FALSE(options.uses_tls());
  options = {};
  EXPECT_EQ(grpc("{endpoint: \"https://a:4317\", tls: {insecure: true}}", options), "");
  EXPECT_TRUE(options.uses_tls());
}

TEST(OtlpExporterOptionsTest, UnsupportedSaysSo) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"compression: snappy", "not in this version"},
      {"compression: br", "expected gzip, zstd or none"},
      {"auth: ", "must name an extension"},
      {"middlewares: []", "not in this version"},
      {"balancer_name: grpclb", "pick_first"},
      {"headers: {\"a b\": c}", "not a header name"},
      {"headers: {a: \"x\\r\\ny\"}", "control characters"},
      {"keepalive: {permit_without_stream: true}", "not in this version"},
      {"endpont: a:1", "endpoint"}};
  for (const auto& [line, words] : cases) {
    GrpcOptions options;
    const std::string errors = grpc("endpoint: a:4317\n" + line, options);
    EXPECT_NE(errors.find(words), std::string::npos) << line << ": " << errors;
  }
  GrpcOptions options;
  EXPECT_NE(grpc("{}", options).find("requires a non-empty"), std::string::npos);
}

TEST(OtlpExporterOptionsTest, HttpDefaultsAreOtelcols) {
  HttpOptions options;
  EXPECT_EQ(http("endpoint: http://a:4318/base/", options), "");
  EXPECT_EQ(options.helper.timeout, Duration(30s));
  EXPECT_EQ(options.targets[0]->path, "/base/v1/traces");
  EXPECT_EQ(options.targets[1]->path, "/base/v1/metrics");
  EXPECT_EQ(options.targets[2]->path, "/base/v1/logs");
  EXPECT_EQ(options.targets[3]->path, "/base/v1development/profiles");
  EXPECT_EQ(options.compression, compress::Coding::kGzip);
  EXPECT_EQ(options.encoding, Encoding::kProto);
  EXPECT_FALSE(options.uses_tls());
}

TEST(OtlpExporterOptionsTest, EveryHttpKeyIsRead) {
  HttpOptions options;
  EXPECT_EQ(http("endpoint: http://a:4318\ntraces_endpoint: https://b/t?x=y\nencoding: json\n"
                 "compression: gzip\ncompression_params: {level: 6}\nmax_conns_per_host: 3\n"
                 "keepalive: {enabled: true, idle_conn_timeout: 5s, max_idle_conns: 1}\n"
                 "force_attempt_http2: false\nhttp2_read_idle_timeout: 11s\n"
                 "http2_ping_timeout: 12s\nproxy_url: \"\"\ncookies: {enabled: false}\n",
                 options),
            "");
  EXPECT_EQ(options.targets[0]->path, "/t?x=y");
  EXPECT_EQ(options.targets[0]->host, "b");
  EXPECT_EQ(options.targets[2]->path, "/v1/logs");
  EXPECT_EQ(options.encoding, Encoding::kJson);
  EXPECT_EQ(options.compression_level, 6);
  EXPECT_EQ(options.connections_max, 3);
  EXPECT_EQ(options.idle_max, Duration(5s));
  EXPECT_FALSE(options.http2);
  EXPECT_EQ(options.ping_after, Duration(11s));
  EXPECT_EQ(options.ping_timeout, Duration(12s));
  EXPECT_TRUE(options.uses_tls());
}

TEST(OtlpExporterOptionsTest, HttpMistakesAreNamed) {
  HttpOptions options;
  EXPECT_NE(http("{}", options).find("at least one endpoint"), std::string::npos);
  options = {};
  EXPECT_NE(http("endpoint: a:4318", options).find("expected a URL"), std::string::npos);
  options = {};
  EXPECT_NE(http("endpoint: http://a\nkeepalive: {}\nidle_conn_timeout: 1s", options)
                .find("old spelling"),
            std::string::npos);
  options = {};
  EXPECT_NE(http("endpoint: http://a\nproxy_url: http://p", options).find("not in this version"),
            std::string::npos);
  options = {};
  EXPECT_EQ(http("logs_endpoint: http://a/x", options), "");
  EXPECT_FALSE(options.targets[0].has_value());
  EXPECT_TRUE(options.targets[2].has_value());
}

}  // namespace
}  // namespace millrace::exporters
