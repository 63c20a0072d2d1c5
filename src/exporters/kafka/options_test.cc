#include "exporters/kafka/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::exporters::kafka {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string read(std::string_view text, KafkaOptions* into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "exporters::kafka");
  read_options(section, *into);
  section.finish();
  return diagnostics.to_text();
}

const SignalOptions& of(const KafkaOptions& options, Signal signal) {
  return options.signals[index_of(signal)];
}

TEST(KafkaOptionsTest, NothingGivenHasOtelcolsDefaults) {
  KafkaOptions options;
  EXPECT_EQ(read("brokers:\n", &options), "");
  EXPECT_EQ(of(options, Signal::kTraces).topic, "otlp_spans");
  EXPECT_EQ(of(options, Signal::kMetrics).topic, "otlp_metrics");
  EXPECT_EQ(of(options, Signal::kLogs).topic, "otlp_logs");
  EXPECT_EQ(of(options, Signal::kProfiles).topic, "otlp_profiles");
  for (const SignalOptions& signal : options.signals) {
    EXPECT_EQ(signal.encoding, Encoding::kProto);
    EXPECT_EQ(signal.key_source, KeySource::kNone);
  }
  EXPECT_EQ(options.message_bytes_max, 1'000'000u);
  EXPECT_EQ(options.partitioning, Partitioning::kFnv1a);
  EXPECT_FALSE(options.is_compressed || options.has_signal_header);
  EXPECT_THAT(options.client.properties, Contains(Pair("acks", "1")));
  EXPECT_THAT(options.client.properties, Contains(Pair("enable.idempotence", "false")));
  EXPECT_THAT(options.client.properties, Contains(Pair("linger.ms", "10")));
  EXPECT_THAT(options.client.properties, Contains(Pair("message.timeout.ms", "5000")));
  EXPECT_THAT(options.client.properties, Contains(Pair("partitioner", "fnv1a_random")));
  EXPECT_TRUE(options.metadata_keys().empty());
}

TEST(KafkaOptionsTest, EverySignalHasItsTopicAndEncoding) {
  KafkaOptions options;
  EXPECT_EQ(read("traces: {topic: t, encoding: otlp_json, topic_from_metadata_key: X-T,\n"
                 "  message_key_from_metadata_key: X-K}\n"
                 "metrics: {topic: m}\nlogs: {encoding: raw}\nprofiles: {topic: p}\n",
                 &options),
            "");
  EXPECT_EQ(of(options, Signal::kTraces).topic, "t");
  EXPECT_EQ(of(options, Signal::kTraces).encoding, Encoding::kJson);
  EXPECT_EQ(of(options, Signal::kTraces).topic_from_metadata_key, "x-t");
  EXPECT_EQ(of(options, Signal::kMetrics).topic, "m");
  EXPECT_EQ(of(options, Signal::kLogs).encoding, Encoding::kRaw);
  EXPECT_THAT(options.metadata_keys(), ElementsAre("x-k", "x-t"));
}

TEST(KafkaOptionsTest, TheOlderFormIsForAllSignalsAndGivesWay) {
  KafkaOptions options;
  const std::string found = read("topic: all\nencoding: otlp_json\nlogs: {topic: l}\n", &options);
  EXPECT_THAT(found, HasSubstr("deprecated"));
  EXPECT_THAT(found, Not(HasSubstr("error")));
  EXPECT_EQ(of(options, Signal::kTraces).topic, "all");
  EXPECT_EQ(of(options, Signal::kMetrics).encoding, Encoding::kJson);
  EXPECT_EQ(of(options, Signal::kLogs).topic, "l");
  KafkaOptions raw;
  read("encoding: raw\n", &raw);
  EXPECT_EQ(of(raw, Signal::kLogs).encoding, Encoding::kRaw);
  EXPECT_EQ(of(raw, Signal::kTraces).encoding, Encoding::kProto);
}

TEST(KafkaOptionsTest, KeysComeFromTheData) {
  KafkaOptions options;
  EXPECT_EQ(read("partition_traces_by_id: true\npartition_metrics_by_resource_attributes: true\n"
                 "partition_logs_by_trace_id: true\n",
                 &options),
            "");
  EXPECT_EQ(of(options, Signal::kTraces).key_source, KeySource::kTraceId);
  EXPECT_EQ(of(options, Signal::kMetrics).key_source, KeySource::kResource);
  EXPECT_EQ(of(options, Signal::kLogs).key_source, KeySource::kTraceId);
}

TEST(KafkaOptionsTest, TheProducerIsRead) {
  KafkaOptions options;
  EXPECT_EQ(read("producer: {max_message_bytes: 5000, required_acks: all, compression: lz4,\n"
                 "  compression_params: {level: 3}, linger: 0, flush_max_messages: 7,\n"
                 "  allow_auto_topic_creation: true}\n"
                 "timeout: 2s\n",
                 &options),
            "");
  EXPECT_EQ(options.message_bytes_max, 5000u);
  EXPECT_TRUE(options.is_compressed);
  const auto& properties = options.client.properties;
  EXPECT_THAT(properties, Contains(Pair("acks", "-1")));
  EXPECT_THAT(properties, Contains(Pair("enable.idempotence", "true")));
  EXPECT_THAT(properties, Contains(Pair("compression.type", "lz4")));
  EXPECT_THAT(properties, Contains(Pair("compression.level", "3")));
  EXPECT_THAT(properties, Contains(Pair("linger.ms", "0")));
  EXPECT_THAT(properties, Contains(Pair("batch.num.messages", "7")));
  EXPECT_THAT(properties, Contains(Pair("message.timeout.ms", "2000")));
}

TEST(KafkaOptionsTest, HeadersKeepTheirCase) {
  KafkaOptions options;
  EXPECT_EQ(read("record_headers: {Env: a}\ninclude_metadata_keys: [X-Tenant]\n"
                 "signal_header: true\n",
                 &options),
            "");
  ASSERT_EQ(options.record_headers.size(), 1u);
  EXPECT_EQ(options.record_headers[0].name, "Env");
  EXPECT_THAT(options.include_metadata_keys, ElementsAre("X-Tenant"));
  EXPECT_THAT(options.metadata_keys(), ElementsAre("x-tenant"));
  EXPECT_TRUE(options.has_signal_header);
  KafkaOptions list;
  EXPECT_EQ(read("record_headers: [{name: Env, value: a}]\n", &list), "");
  EXPECT_EQ(list.record_headers[0].name, "Env");
}

TEST(KafkaOptionsTest, PartitionersAreChosen) {
  KafkaOptions options;
  EXPECT_EQ(read("record_partitioner: {sticky_key: {hasher: murmur2}}\n", &options), "");
  EXPECT_EQ(options.partitioning, Partitioning::kMurmur2);
  EXPECT_THAT(options.client.properties, Contains(Pair("partitioner", "murmur2_random")));
  EXPECT_EQ(read("record_partitioner: {round_robin: }\n", &options), "");
  EXPECT_EQ(options.partitioning, Partitioning::kRoundRobin);
}

TEST(KafkaOptionsTest, MistakesAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"traces: {encoding: raw}\n", "expected otlp_proto or otlp_json, found \"raw\""},
      {"logs: {encoding: jaeger_proto}\n", "expected otlp_proto, otlp_json or raw"},
      {"traces: {topic: \"\"}\n", "the topic of traces is empty"},
      {"producer: {required_acks: 2}\n", "expected 0, 1, -1 or all"},
      {"producer: {compression: br}\n", "expected none, gzip"},
      {"producer: {max_message_bytes: 1}\n", "max_message_bytes"},
      {"partition_logs_by_trace_id: true\npartition_logs_by_resource_attributes: true\n",
       "not both"},
      {"partition_traces_by_id: true\ntraces: {message_key_from_metadata_key: a}\n",
       "cannot go with message_key_from_metadata_key"},
      {"record_partitioner: {least_backup: {}}\n", "not in this version"},
      {"record_partitioner: {round_robin: {}, sticky_key: {}}\n", "at most one strategy"},
      {"signal_header: true\nrecord_headers: {otelcol.signal: a}\n", "given as a header as well"},
      {"topic_from_attribute: a\n", "not in this version"},
      {"brokers: [a]\nproducers: {}\n", "did you mean \"producer\""}};
  for (const auto& [text, expected] : cases) {
    KafkaOptions options;
    const std::string found = read(text, &options);
    EXPECT_THAT(found, HasSubstr("error")) << text;
    EXPECT_THAT(found, HasSubstr(expected)) << text;
  }
}

}  // namespace
}  // namespace millrace::exporters::kafka
