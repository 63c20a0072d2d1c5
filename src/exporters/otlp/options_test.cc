#include "exporters/otlp/options.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::exporters {
namespace {

template <class Options>
std::string with_warnings(std::string_view text, Options& into,
                          void (*reader)(config::Section&, Options&)) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value());
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "exporters::otlp");
  reader(section, into);
  section.finish();
  return diagnostics.to_text();
}
template <class Options>
std::string read(std::string_view text, Options& into, void (*reader)(config::Section&, Options&)) {
  const std::string said = with_warnings(text, into, reader);
  return said.contains(": error: ") ? said : "";
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

// As configgrpc and configtls: only `insecure` without an authority and without https turns TLS
// off.
TEST(OtlpExporterOptionsTest, InsecureMeansWhatItMeansToOtelcol) {
  const struct {
    const char* text;
    bool uses_tls;
    const char* warning;
  } kCases[] = {
      {"endpoint: a:4317", true, ""},
      {"{endpoint: \"a:4317\", tls: {insecure: true}}", false, ""},
      {"{endpoint: \"http://a:4317\", tls: {insecure: true}}", false, ""},
      {"endpoint: http://a:4317", true, "does not turn TLS off"},
      {"{endpoint: \"https://a:4317\", tls: {insecure: true}}", true, ""},
      {"{endpoint: \"https://a:4317\", tls: {insecure: true, insecure_skip_verify: true}}", true,
       "the other keys have no effect"},
      {"{endpoint: \"a:4317\", tls: {insecure: true, ca_file: x}}", true, "has no effect beside"},
      {"{endpoint: \"unix:///run/a.sock\", tls: {insecure: true}}", false, ""},
  };
  for (const auto& [text, uses_tls, warning] : kCases) {
    GrpcOptions options;
    const std::string said = with_warnings(text, options, read_grpc_options);
    EXPECT_EQ(options.uses_tls(), uses_tls) << text;
    EXPECT_TRUE(*warning == '\0' ? said.empty() : said.contains(warning)) << text << ": " << said;
  }
  GrpcOptions options;
  grpc("{endpoint: \"https://a:1\", tls: {insecure: true, insecure_skip_verify: true}}", options);
  EXPECT_FALSE(options.tls.options.insecure_skip_verify);
}

TEST(OtlpExporterOptionsTest, AProxyComesFromItsUrlOrTheEnvironment) {
  HttpOptions options;
  EXPECT_EQ(
      http("{endpoint: \"http://localhost:4318\", proxy_url: \"http://u:p@proxy:3128\"}", options),
      "");
  EXPECT_EQ(options.targets[0]->proxy, (transport::Proxy{"proxy", 3128, "Basic dTpw"}));
  HttpOptions wrong;
  EXPECT_NE(http("{endpoint: \"http://a\", proxy_url: \"socks5://a\"}", wrong).find("proxy_url"),
            std::string::npos);
  ::setenv("HTTPS_PROXY", "http://secure:1", 1);
  ::setenv("HTTP_PROXY", "plain:2", 1);
  ::setenv("NO_PROXY", "near", 1);
  HttpOptions mixed;
  EXPECT_EQ(
      http("endpoint: http://a\ntraces_endpoint: https://b\nlogs_endpoint: https://near", mixed),
      "");
  GrpcOptions plain;
  EXPECT_EQ(grpc("{endpoint: \"a:4317\", tls: {insecure: true}}", plain), "");
  for (const char* name : {"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}) ::unsetenv(name);
  EXPECT_EQ(mixed.targets[0]->proxy->host, "secure");
  EXPECT_EQ(mixed.targets[1]->proxy->host, "plain");
  EXPECT_FALSE(mixed.targets[2]->proxy);
  EXPECT_EQ(plain.target.proxy->host, "secure") << "gRPC asks for the proxy of https";
}

TEST(OtlpExporterOptionsTest, AnHttpEndpointWithoutASchemeIsAWarning) {
  HttpOptions options;
  const std::string said = with_warnings("endpoint: collector:4318", options, read_http_options);
  EXPECT_NE(said.find("warning"), std::string::npos) << said;
  EXPECT_NE(said.find("unsupported protocol scheme \"collector\""), std::string::npos) << said;
}

TEST(OtlpExporterOptionsTest, UnsupportedSaysSo) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"compression: lz4", "lz4 is not in this version; expected gzip, zstd, snappy or none"},
      {"compression: deflate", "expected gzip, zstd, snappy or none"},
      {"compression: br", "expected gzip, zstd, snappy or none"},
      {"auth: {}", "must name an extension"},
      {"middlewares: [{id: a}]", "not in this version"},
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

// In gRPC otelcol's snappy is framed, in HTTP it is a block.
TEST(OtlpExporterOptionsTest, EveryCompressionButLz4IsRead) {
  GrpcOptions grpc_options;
  EXPECT_EQ(grpc("{endpoint: \"a:4317\", compression: snappy}", grpc_options), "");
  EXPECT_EQ(grpc_options.compression, compress::Coding::kSnappyFramed);
  const std::pair<const char*, compress::Coding> cases[] = {
      {"none", compress::Coding::kIdentity},
      {"\"\"", compress::Coding::kIdentity},
      {"zstd", compress::Coding::kZstd},
      {"zlib", compress::Coding::kZlib},
      {"deflate", compress::Coding::kDeflate},
      {"snappy", compress::Coding::kSnappy},
      {"x-snappy-framed", compress::Coding::kSnappyFramed}};
  for (const auto& [name, coding] : cases) {
    HttpOptions options;
    EXPECT_EQ(http("endpoint: http://a\ncompression: " + std::string(name), options), "");
    EXPECT_EQ(options.compression, coding) << name;
  }
  HttpOptions options;
  EXPECT_NE(http("endpoint: http://a\ncompression: snappy\ncompression_params: {level: 3}", options)
                .find("snappy has no levels"),
            std::string::npos);
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
  EXPECT_EQ(options.ping_after, Duration(0));
  EXPECT_EQ(options.ping_timeout, Duration(15s));
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
  EXPECT_NE(http("endpoint: 10.0.0.1:4318", options).find("expected a URL"), std::string::npos);
  options = {};
  EXPECT_NE(http("endpoint: http://a\nkeepalive: {}\nidle_conn_timeout: 1s", options)
                .find("old spelling"),
            std::string::npos);
  options = {};
  EXPECT_NE(http("endpoint: http://a\nproxy_url: https://p", options).find("not in this version"),
            std::string::npos);
  options = {};
  EXPECT_EQ(http("logs_endpoint: http://a/x", options), "");
  EXPECT_FALSE(options.targets[0].has_value());
  EXPECT_TRUE(options.targets[2].has_value());
}

}  // namespace
}  // namespace millrace::exporters
