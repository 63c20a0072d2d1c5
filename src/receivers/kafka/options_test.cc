#include "receivers/kafka/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::receivers::kafka {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

std::string read(std::string_view text, Options* into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "receivers::kafka");
  read_options(section, *into);
  section.finish();
  return diagnostics.to_text();
}

const SignalOptions& of(const Options& options, Signal signal) {
  return options.signals[index_of(signal)];
}

TEST(KafkaReceiverOptionsTest, NothingGivenHasOtelcolsDefaults) {
  Options options;
  EXPECT_EQ(read("brokers:\n", &options), "");
  EXPECT_THAT(of(options, Signal::kTraces).topics, ElementsAre("otlp_spans"));
  EXPECT_THAT(of(options, Signal::kLogs).topics, ElementsAre("otlp_logs"));
  EXPECT_EQ(of(options, Signal::kLogs).encoding, Encoding::kProto);
  EXPECT_EQ(options.policy, pipeline::Policy::kDelivered);
  EXPECT_FALSE(options.skips_refused || options.dead_letter);
  const auto& properties = options.client.properties;
  EXPECT_THAT(properties, Contains(Pair("group.id", "otel-collector")));
  EXPECT_THAT(properties, Contains(Pair("auto.offset.reset", "latest")));
  EXPECT_THAT(properties, Contains(Pair("session.timeout.ms", "10000")));
  EXPECT_THAT(properties, Contains(Pair("heartbeat.interval.ms", "3000")));
  EXPECT_THAT(properties, Contains(Pair("auto.commit.interval.ms", "1000")));
  EXPECT_THAT(properties, Contains(Pair("enable.auto.offset.store", "false")));
  EXPECT_THAT(properties, Contains(Pair("partition.assignment.strategy", "cooperative-sticky")));
  EXPECT_THAT(properties, Contains(Pair("fetch.max.bytes", "1048576")));
  // A batch of 30 KB in zstd may be 2 MB of messages.
  EXPECT_THAT(properties, Contains(Pair("receive.message.max.bytes", "100000000")));
}

TEST(KafkaReceiverOptionsTest, EveryKeyIsRead) {
  Options options;
  EXPECT_THAT(
      read("traces: {topics: [\"^t.*\", u], exclude_topics: [tx], encoding: otlp_json}\n"
           "logs: {encoding: raw}\ngroup_id: g\ngroup_instance_id: i\ninitial_offset: earliest\n"
           "session_timeout: 20s\nheartbeat_interval: 1s\nmin_fetch_size: 10\n"
           "max_fetch_size: 5000000\nmax_fetch_wait: 1s\nmax_partition_fetch_size: 2000000\n"
           "group_rebalance_strategies: [range, roundrobin]\n"
           "autocommit: {enable: true, interval: 2s}\n"
           "message_marking: {after: true, on_error: true, on_permanent_error: true}\n"
           "error_backoff: {enabled: true, initial_interval: 1s, max_interval: 4s}\n"
           "partition_processing: {independent: true, max_buffered_batches: 3}\n"
           "header_extraction: {extract_headers: false}\ntelemetry: {}\n"
           "acknowledge: accepted\nin_flight_max: 1\ndead_letter: {path: /tmp/a}\n",
           &options),
      Not(HasSubstr(": error: ")));
  EXPECT_THAT(of(options, Signal::kTraces).topics, ElementsAre("^t.*", "u"));
  EXPECT_THAT(of(options, Signal::kTraces).exclude_topics, ElementsAre("tx"));
  EXPECT_EQ(of(options, Signal::kTraces).encoding, Encoding::kJson);
  EXPECT_EQ(of(options, Signal::kLogs).encoding, Encoding::kRaw);
  EXPECT_EQ(options.policy, pipeline::Policy::kAccepted);
  EXPECT_EQ(options.in_flight_max, 1);
  EXPECT_TRUE(options.skips_refused);
  EXPECT_EQ(options.retry_first, 1s);
  EXPECT_EQ(options.retry_longest, 4s);
  ASSERT_TRUE(options.dead_letter);
  const auto& properties = options.client.properties;
  EXPECT_THAT(properties, Contains(Pair("group.instance.id", "i")));
  EXPECT_THAT(properties, Contains(Pair("partition.assignment.strategy", "range,roundrobin")));
  EXPECT_THAT(properties, Contains(Pair("fetch.min.bytes", "10")));
  EXPECT_THAT(properties, Contains(Pair("fetch.max.bytes", "5000000")));
  EXPECT_THAT(properties, Contains(Pair("max.partition.fetch.bytes", "2000000")));
  EXPECT_THAT(properties, Contains(Pair("fetch.wait.max.ms", "1000")));
  EXPECT_THAT(properties, Contains(Pair("auto.commit.interval.ms", "2000")));
}

TEST(KafkaReceiverOptionsTest, OlderFormsAreTranslatedWithAWarning) {
  Options options;
  const std::string found = read(
      "topic: t\nencoding: raw\nmetrics: {topic: m}\ngroup_rebalance_strategy: range\n", &options);
  EXPECT_THAT(found, HasSubstr("deprecated"));
  EXPECT_THAT(found, Not(HasSubstr(": error: ")));
  EXPECT_THAT(of(options, Signal::kTraces).topics, ElementsAre("t"));
  EXPECT_THAT(of(options, Signal::kMetrics).topics, ElementsAre("m"));
  EXPECT_EQ(of(options, Signal::kLogs).encoding, Encoding::kRaw);
  EXPECT_EQ(of(options, Signal::kTraces).encoding, Encoding::kProto);
  EXPECT_THAT(options.client.properties, Contains(Pair("partition.assignment.strategy", "range")));
}

TEST(KafkaReceiverOptionsTest, MistakesAreNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"traces: {encoding: raw}\n", "expected otlp_proto or otlp_json"},
      {"logs: {encoding: json}\n", "otlp_proto, otlp_json, raw or text"},
      {"traces: {topics: []}\n", "at least one topic"},
      {"traces: {exclude_topics: [a]}\n", "begins with ^"},
      {"traces: {topics: [\"^a\"], exclude_topics: [\"\"]}\n", "exclude every topic"},
      {"initial_offset: first\n", "expected latest or earliest"},
      {"group_rebalance_strategies: [sticky]\n", "cooperative-sticky, found \"sticky\""},
      {"header_extraction: {extract_headers: true}\n", "from_context"},
      {"group_id: \"\"\n", "must not be empty"},
      {"in_flight_max: 0\n", "in_flight_max"},
      {"dead_letter: {}\n", "path must be set"},
      {"brokers: [a]\ngroup: a\n", "unknown key \"group\""}};
  for (const auto& [text, expected] : cases) {
    Options options;
    const std::string found = read(text, &options);
    EXPECT_THAT(found, HasSubstr(": error: ")) << text;
    EXPECT_THAT(found, HasSubstr(expected)) << text;
  }
}

}  // namespace
}  // namespace millrace::receivers::kafka
