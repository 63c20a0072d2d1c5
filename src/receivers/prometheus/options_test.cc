#include "receivers/prometheus/options.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "receivers/prometheus/prometheus_units.h"
#include "yaml/parse.h"

namespace millrace::receivers::prometheus {
namespace {

std::string read_text(std::string_view text, Options& into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "receivers::prometheus");
  read_options(section, into);
  section.finish();
  return diagnostics.to_text();
}
std::string mistakes_of(std::string_view scrape) {
  Options options;
  return read_text("config: {scrape_configs: [{job_name: a, " + std::string(scrape) + "}]}",
                   options);
}

TEST(PrometheusOptionsTest, DefaultsArePrometheuss) {
  Options options;
  EXPECT_EQ(read_text("config: {scrape_configs: [{job_name: a, static_configs: [{targets: "
                      "[\"h:1\"]}]}]}",
                      options),
            "");
  ASSERT_EQ(options.scrapes.size(), 1u);
  const ScrapeOptions& scrape = options.scrapes[0];
  EXPECT_EQ(scrape.job_name, "a");
  EXPECT_EQ(scrape.interval, 1min);
  EXPECT_EQ(scrape.timeout, 10s);
  EXPECT_EQ(scrape.metrics_path, "/metrics");
  EXPECT_EQ(scrape.scheme, "http");
  EXPECT_TRUE(scrape.enable_compression && scrape.http.follow_redirects);
  EXPECT_TRUE(scrape.rules.honor_timestamps);
  EXPECT_FALSE(scrape.rules.honor_labels || scrape.rules.trim_suffixes);
  EXPECT_EQ(scrape.accept,
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            "application/openmetrics-text;version=0.0.1;q=0.5,"
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
            "*/*;q=0.2");
}

TEST(PrometheusOptionsTest, EveryKeyIsRead) {
  Options options;
  EXPECT_EQ(read_text(R"(
trim_metric_suffixes: true
config:
  global: {scrape_interval: 30s, scrape_timeout: 20s, external_labels: {c: d}, sample_limit: 5}
  scrape_configs:
    - job_name: a
      scrape_interval: 15s
      metrics_path: /m
      scheme: https
      params: {module: [x, y]}
      honor_labels: true
      honor_timestamps: false
      basic_auth: {username: u, password: p}
      tls_config: {insecure_skip_verify: true, server_name: s, min_version: TLS13}
      proxy_url: http://proxy:3128
      follow_redirects: false
      enable_http2: false
      enable_compression: false
      body_size_limit: 10MB
      label_limit: 1
      label_name_length_limit: 2
      label_value_length_limit: 3
      target_limit: 4
      scrape_protocols: [PrometheusText0.0.4]
      fallback_scrape_protocol: OpenMetricsText1.0.0
      scrape_native_histograms: true
      always_scrape_classic_histograms: true
      relabel_configs: [{source_labels: [a, b], action: Keep, regex: x}]
      metric_relabel_configs: [{action: labeldrop, regex: y}]
      static_configs: [{targets: ["h:1", "h:2"], labels: {env: 5}}]
      file_sd_configs: [{files: ["/t/*.json"], refresh_interval: 1m}]
      http_sd_configs: [{url: "http://h/t", refresh_interval: 2m, authorization: {credentials: c}}]
      dns_sd_configs: [{names: [n], type: A, port: 9100}]
)",
                      options)
                .find("error"),
            std::string::npos);
  const ScrapeOptions& scrape = options.scrapes.at(0);
  EXPECT_EQ(scrape.interval, 15s);
  EXPECT_EQ(scrape.timeout, 15s) << "never longer than the interval";
  EXPECT_EQ(scrape.http.scheme, "Basic");
  EXPECT_NE(scrape.http.tls, nullptr);
  EXPECT_EQ(scrape.http.tls_server_name, "s");
  EXPECT_EQ(scrape.http.proxy->host, "proxy");
  EXPECT_EQ(scrape.body_size_limit, size_t{10} << 20);
  EXPECT_EQ(scrape.rules.sample_limit, 5u);
  EXPECT_EQ(scrape.rules.label_limit, 1u);
  EXPECT_EQ(scrape.rules.label_name_length_limit, 2u);
  EXPECT_EQ(scrape.rules.label_value_length_limit, 3u);
  EXPECT_EQ(scrape.target_limit, 4u);
  EXPECT_EQ(scrape.accept, "text/plain;version=0.0.4;q=0.6,*/*;q=0.5");
  EXPECT_EQ(scrape.fallback, Format::kOpenMetrics);
  EXPECT_TRUE(scrape.parser.native_histograms && scrape.parser.always_classic);
  EXPECT_TRUE(scrape.rules.trim_suffixes);
  EXPECT_EQ(scrape.rules.external_labels, (LabelList{{"c", "d"}}));
  EXPECT_EQ(scrape.relabel.size(), 1u);
  EXPECT_EQ(scrape.rules.metric_relabel.size(), 1u);
  EXPECT_EQ(scrape.static_groups.at(0).targets.size(), 2u);
  EXPECT_EQ(scrape.static_groups.at(0).labels, (LabelList{{"env", "5"}}));
  EXPECT_EQ(scrape.files.at(0).refresh_interval, 1min);
  EXPECT_EQ(scrape.https.at(0).http.secret, "c");
  EXPECT_EQ(scrape.names.at(0).port, 9100);
}

TEST(PrometheusOptionsTest, MistakesAreNamed) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"kubernetes_sd_configs: [{role: pod}]",
       "targets come from static_configs, file_sd_configs, http_sd_configs and dns_sd_configs"},
      {"scrape_interval: 5", "expected a duration like 15s"},
      {"scrape_timeout: 2m", "is longer than scrape_interval"},
      {"scheme: ftp", "expected http or https"},
      {"body_size_limit: 10", "expected a size like 10MB"},
      {"static_configs: [{targets: [\"http://a\"]}]", "expected host:port"},
      {"file_sd_configs: [{files: [a.txt]}]", "ends with .json"},
      {"dns_sd_configs: [{names: [a]}]", "type SRV, the default where none is given, are not"},
      {"dns_sd_configs: [{names: [a], type: MX}]", "give type A or AAAA and a port"},
      {"dns_sd_configs: [{names: [a], type: TXT}]", "expected A or AAAA"},
      {"http_sd_configs: [{url: x}]", "url"},
      {"scrape_protocols: [Text]", "expected PrometheusProto"},
      {"relabel_configs: [{action: hashmod, target_label: a}]", "modulus is missing"},
      {"relabel_configs: [{action: replace}]", "target_label is missing"},
      {"relabel_configs: [{action: keep, regex: \"(\"}]", "is no regular expression"},
      {"relabel_configs: [{action: labeldrop, source_labels: [a]}]", "has no meaning"},
      {"relabel_configs: [{action: x}]", "expected replace, keep"},
      {"basic_auth: {username: a}, bearer_token: b", "at most one of"},
      {"bearer_token: a, bearer_token_file: b", "give one of them"},
      {"oauth2: {client_id: a}", "not supported here"},
      {"oauth2: {client_id: a}", "write the token to the credentials_file"},
      {"tls_config: {ca_file: /no/such/file}", "/no/such/file"},
      {"metric_path: /a", "metrics_path"},
  };
  for (const auto& [scrape, message] : cases) {
    const std::string found = mistakes_of(scrape);
    EXPECT_TRUE(found.contains(message)) << scrape << "\n" << found;
  }
  Options options;
  EXPECT_TRUE(read_text("config: {}", options).contains("scrape_configs is missing"));
  EXPECT_TRUE(read_text("config: {scrape_configs: [{job_name: a}, {job_name: a}]}", options)
                  .contains("the name of two jobs"));
  EXPECT_TRUE(
      read_text("config: {remote_write: [{url: a}], scrape_configs: [{job_name: a}]}", options)
          .contains("remote_write"));
}

TEST(PrometheusUnitsTest, DurationsAndSizes) {
  EXPECT_EQ(parse_prometheus_duration("1h30m"), 90min);
  EXPECT_EQ(parse_prometheus_duration("1d"), 24h);
  EXPECT_EQ(parse_prometheus_duration("100ms"), 100ms);
  EXPECT_EQ(parse_prometheus_duration("0"), 0s);
  for (const char* text : {"", "5", "1.5h", "1m1h", "-1s", "1x", "999999999999y", "s"}) {
    EXPECT_FALSE(parse_prometheus_duration(text)) << text;
  }
  EXPECT_EQ(prometheus_duration_text(90s), "1m30s");
  EXPECT_EQ(prometheus_duration_text(1min), "1m");
  EXPECT_EQ(prometheus_duration_text(250ms), "250ms");
  EXPECT_EQ(parse_byte_size("10MB"), uint64_t{10} << 20);
  EXPECT_EQ(parse_byte_size("1KiB"), 1024u);
  EXPECT_EQ(parse_byte_size("7B"), 7u);
  for (const char* text : {"", "10", "MB", "10MBs", "99999999999EB", "1 MB"}) {
    EXPECT_FALSE(parse_byte_size(text)) << text;
  }
}

}  // namespace
}  // namespace millrace::receivers::prometheus
