#include "exporters/prometheus/options.h"

#include <gtest/gtest.h>

#include "config/testing/read_section.h"

namespace millrace::exporters {
namespace {

std::string said(std::string_view yaml, PrometheusOptions* into = nullptr) {
  PrometheusOptions options;
  return testing::read_section(yaml, "exporters::prometheus",
                               [&](config::Section& section) {
                                 read_options(section, into == nullptr ? &options : into);
                               })
      .to_text();
}

TEST(PrometheusOptionsTest, DefaultsAreOtelcols) {
  PrometheusOptions options;
  EXPECT_EQ(said("endpoint: 0.0.0.0:8889", &options), "");
  EXPECT_EQ(options.http.port, 8889);
  EXPECT_EQ(options.strategy, prometheus::Strategy::kUnderscoreEscapingWithSuffixes);
  EXPECT_EQ(options.metric_expiration, 5min);
  EXPECT_FALSE(options.send_timestamps);
  EXPECT_TRUE(options.labels.scope_labels);
  EXPECT_TRUE(options.labels.resource_included.empty());
  EXPECT_EQ(options.open_metrics, prometheus::OpenMetrics::kNotOffered);
  EXPECT_FALSE(options.queue.enabled);
}

TEST(PrometheusOptionsTest, EveryKeyIsRead) {
  PrometheusOptions options;
  EXPECT_EQ(said("endpoint: \"[::]:9000\"\nnamespace: ns\nconst_labels: {region.name: eu, n: 1}\n"
                 "send_timestamps: true\nmetric_expiration: 180m\nenable_open_metrics: true\n"
                 "add_metric_suffixes: false\nwithout_scope_info: true\n"
                 "resource_to_telemetry_conversion: {enabled: true, "
                 "exclude_service_attributes: true}\nmax_series_bytes: 1000000\n"
                 "sending_queue: {queue_size: 10}\nread_timeout: 3s\n"
                 "cors: {allowed_origins: [\"*\"]}\nresponse_headers: {a: b}\n",
                 &options),
            "");
  EXPECT_EQ(options.metric_namespace, "ns");
  EXPECT_EQ(options.labels.const_labels,
            (std::vector<std::pair<std::string, std::string>>{{"region_name", "eu"}, {"n", "1"}}));
  EXPECT_EQ(options.strategy, prometheus::Strategy::kUnderscoreEscapingWithoutSuffixes);
  EXPECT_EQ(options.labels.resource_included, std::vector<std::string>{"*"});
  EXPECT_EQ(options.labels.resource_excluded, std::vector<std::string>{"service.*"});
  EXPECT_EQ(options.series_bytes_max, 1'000'000u);
  EXPECT_TRUE(options.queue.enabled);
  EXPECT_EQ(options.metric_expiration, 3h);
  EXPECT_FALSE(options.labels.scope_labels);
}

TEST(PrometheusOptionsTest, TheStrategyWinsOverTheOldKey) {
  PrometheusOptions options;
  EXPECT_NE(said("endpoint: a:1\nadd_metric_suffixes: false\n"
                 "translation_strategy: NoUTF8EscapingWithSuffixes\n",
                 &options)
                .find("add_metric_suffixes: has no effect beside translation_strategy"),
            std::string::npos);
  EXPECT_EQ(options.strategy, prometheus::Strategy::kNoUtf8EscapingWithSuffixes);
}

TEST(PrometheusOptionsTest, ConstantLabelsOfTheResourceWinOverTheConversion) {
  PrometheusOptions options;
  EXPECT_NE(said("endpoint: a:1\nresource_to_telemetry_conversion: {enabled: true}\n"
                 "resource_constant_labels: {included: [k8s.*], excluded: [k8s.pod.uid]}\n",
                 &options)
                .find("has no effect beside resource_constant_labels"),
            std::string::npos);
  EXPECT_EQ(options.labels.resource_included, std::vector<std::string>{"k8s.*"});
  EXPECT_EQ(options.labels.resource_excluded, std::vector<std::string>{"k8s.pod.uid"});
}

TEST(PrometheusOptionsTest, MistakesAreNamed) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"{}", "endpoint: must be set"},
      {"{endpoint: a:1, translation_strategy: Other}",
       "translation_strategy: expected one of UnderscoreEscapingWithSuffixes, "},
      {"{endpoint: a:1, metric_expiration: 0s}", "must be longer than 0s"},
      {"{endpoint: a:1, const_labels: {a.b: x, a_b: y}}", "two of its keys become the label a_b"},
      {"{endpoint: a:1, const_labels: {job: x}}", "\"job\" clashes with the label job"},
      {"{endpoint: a:1, const_labels: {__: y}}", "is no name for a label"},
      {"{endpoint: a:1, max_series_bytes: -1}", "max_series_bytes"},
      {"{endpoint: a:1, name_space: x}", "did you mean \"namespace\""},
  };
  for (const auto& [yaml, wanted] : rows) {
    EXPECT_NE(said(yaml).find(wanted), std::string::npos) << yaml << "\n" << said(yaml);
  }
}

}  // namespace
}  // namespace millrace::exporters
