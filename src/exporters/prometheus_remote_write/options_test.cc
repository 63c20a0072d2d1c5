#include "exporters/prometheus_remote_write/options.h"

#include <gtest/gtest.h>

#include "config/testing/read_section.h"

namespace millrace::exporters {
namespace {

using prometheus::Strategy;

std::string said(std::string_view yaml, RemoteWriteOptions* into = nullptr) {
  RemoteWriteOptions options;
  return testing::read_section(yaml, "exporters::prometheus_remote_write",
                               [&](config::Section& section) {
                                 read_options(section, into == nullptr ? options : *into);
                               })
      .to_text();
}

TEST(RemoteWriteOptionsTest, DefaultsAreOtelcols) {
  RemoteWriteOptions options;
  EXPECT_EQ(said("endpoint: http://mimir:9009/api/v1/push", &options), "");
  EXPECT_EQ(options.target->host, "mimir");
  EXPECT_EQ(options.target->path, "/api/v1/push");
  EXPECT_FALSE(options.uses_tls());
  EXPECT_EQ(options.strategy, Strategy::kUnderscoreEscapingWithSuffixes);
  EXPECT_EQ(options.protocol, WriteProtocol::k1);
  EXPECT_EQ(options.metadata, WriteTable::Metadata::kNone);
  EXPECT_TRUE(options.translation.target_info);
  EXPECT_TRUE(options.translation.labels.scope_labels);
  EXPECT_EQ(options.translation.bytes_max, 3'000'000u);
  EXPECT_EQ(options.helper.timeout, Duration(5s));
  EXPECT_EQ(options.helper.retry.initial_interval, Duration(50ms));
  EXPECT_EQ(options.helper.retry.max_interval, Duration(30s));
  EXPECT_EQ(options.helper.queue.queue_size, 10'000);
  EXPECT_EQ(options.helper.queue.num_consumers, 1);
}

TEST(RemoteWriteOptionsTest, EveryKeyIsRead) {
  RemoteWriteOptions options;
  EXPECT_EQ(said("endpoint: https://a/write?key=1\nnamespace: ns\nheaders: {X-Scope-OrgID: t}\n"
                 "external_labels: {cluster.name: c, __replica__: r}\ncompression: snappy\n"
                 "protobuf_message: io.prometheus.write.v2.Request\nsend_metadata: true\n"
                 "translation_strategy: NoTranslation\ntarget_info: {enabled: false}\n"
                 "disable_scope_info: true\nresource_to_telemetry_conversion: {enabled: true}\n"
                 "max_batch_size_bytes: 1000\nmax_batch_request_parallelism: 7\n"
                 "remote_write_queue: {enabled: true, queue_size: 5, num_consumers: 3}\n"
                 "sending_queue: {storage: file_storage}\ntimeout: 9s\n"
                 "retry_on_failure: {initial_interval: 1s}\nkeep_classic_histograms: false\n",
                 &options),
            "");
  EXPECT_TRUE(options.uses_tls());
  EXPECT_EQ(options.target->path, "/write?key=1");
  EXPECT_EQ(options.metric_namespace, "ns");
  EXPECT_EQ(options.headers.at(0).name, "x-scope-orgid");
  const auto& labels = options.translation.labels.const_labels;
  ASSERT_EQ(labels.size(), 2u);
  EXPECT_EQ(labels[0].first, "cluster.name");
  EXPECT_EQ(labels[1].first, "__replica__");
  EXPECT_EQ(options.protocol, WriteProtocol::k2);
  EXPECT_EQ(options.metadata, WriteTable::Metadata::kSent);
  EXPECT_FALSE(options.translation.target_info);
  EXPECT_FALSE(options.translation.labels.scope_labels);
  EXPECT_EQ(options.translation.labels.resource_included, std::vector<std::string>{"*"});
  EXPECT_EQ(options.translation.bytes_max, 1000u);
  EXPECT_EQ(options.helper.queue.queue_size, 5);
  EXPECT_EQ(options.helper.queue.num_consumers, 1) << "one at a time keeps the order";
  EXPECT_EQ(options.helper.queue.storage, "file_storage");
  EXPECT_EQ(options.helper.timeout, Duration(9s));
  EXPECT_EQ(options.helper.retry.initial_interval, Duration(1s));
}

TEST(RemoteWriteOptionsTest, ClientKeysMayStandInHttp) {
  RemoteWriteOptions options;
  EXPECT_EQ(said("http: {endpoint: \"http://a:1/w\", timeout: 3s, headers: {a: b}}", &options), "");
  EXPECT_EQ(options.target->port, 1);
  EXPECT_EQ(options.helper.timeout, Duration(3s));
  EXPECT_EQ(options.headers.size(), 1u);
}

TEST(RemoteWriteOptionsTest, MistakesAreNamed) {
  const auto has = [](std::string_view yaml, std::string_view words) {
    const std::string text = said("endpoint: http://a/w\n" + std::string(yaml));
    EXPECT_TRUE(text.contains(words)) << yaml << "\n" << text;
  };
  EXPECT_TRUE(said("namespace: a").contains("endpoint: must be set"));
  has("compression: gzip", "expected snappy");
  has("compression_params: {level: 3}", "");
  has("protobuf_message: v3", "expected prometheus.WriteRequest or");
  has("translation_strategy: NoTranslation", "need remote write 2.0");
  has("translation_strategy: None", "expected one of");
  has("external_labels: {a: \"\"}", "a label needs a name and a value");
  has("external_labels: {__name__: x}", "is no name for a label");
  has("external_labels: {a.b: x, a_b: y}", "two of the keys become the label a_b");
  has("remote_write_queue: {queue_size: 0}", "queue_size");
  has("max_batch_size_bytes: -1", "max_batch_size_bytes");
  has("wal: {directory: /w}", "sending_queue::storage");
  has("include_metadata_keys: [a]", "not passed on in this version");
  has("convert_explicit_histograms_to_nhcb: true", "not in this version");
  has("scope_info: true", "scope_info");
}

}  // namespace
}  // namespace millrace::exporters
