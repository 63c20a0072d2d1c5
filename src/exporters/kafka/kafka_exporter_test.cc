#include "exporters/kafka/kafka_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "exporters/kafka/testing/exporting.h"
#include "kafka/testing/mock_cluster.h"
#include "otlp/example_requests.h"
#include "otlp/item_count.h"

namespace millrace::exporters::kafka {
namespace {

using millrace::kafka::testing::MockCluster;
using millrace::kafka::testing::MockMessage;
using pipeline::Batch;
using pipeline::Outcome;
using testing::batch_of;
using ::testing::ElementsAre;
using testing::Exporting;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr int16_t kProduce = 0;  // the protocol's key of the request

uint32_t count_of(Signal signal, std::string_view request) {
  return otlp::count_items(signal, Rope(Bytes::copy_of(request)));
}

TEST(KafkaExporterTest, ARequestBecomesOneMessageByteForByte) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  Exporting exporting(cluster.brokers(), "");
  const Bytes request = otlp::example_request_with_everything(Signal::kTraces);
  EXPECT_EQ(exporting.send_and_wait(batch_of(request)).kind, Outcome::Kind::kDelivered);
  const std::vector<MockMessage> messages = cluster.read("otlp_spans", 1, 1);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].value, request.text());
  EXPECT_FALSE(messages[0].key);
}

TEST(KafkaExporterTest, EachSignalGoesToItsTopicInItsEncoding) {
  MockCluster cluster;
  for (const char* topic : {"a", "b", "c"}) cluster.make_topic(topic, 1);
  Exporting exporting(cluster.brokers(),
                      "traces: {topic: a, encoding: otlp_json}\nmetrics: {topic: b}\n"
                      "logs: {topic: c, encoding: raw}\n");
  const otlp::ExampleShape shape{.items = 2};
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    const Bytes request = otlp::example_request(signal, shape);
    EXPECT_EQ(exporting.send_and_wait(batch_of(request, signal, 2)).kind,
              Outcome::Kind::kDelivered);
  }
  const auto traces = cluster.read("a", 1, 1);
  ASSERT_EQ(traces.size(), 1u);
  EXPECT_THAT(traces[0].value, HasSubstr("{\"resourceSpans\":[{"));
  EXPECT_EQ(cluster.read("b", 1, 1)[0].value,
            otlp::example_request(Signal::kMetrics, shape).text());
  const auto bodies = cluster.read("c", 2, 1);
  ASSERT_EQ(bodies.size(), 2u);
  EXPECT_TRUE(bodies[0].value.starts_with('"') && bodies[0].value.ends_with('"'));
}

TEST(KafkaExporterTest, ALargeBatchIsCutBelowTheLimitAndLosesNothing) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  Exporting exporting(cluster.brokers(), "producer: {max_message_bytes: 10000}\n");
  const Bytes request = otlp::example_request(Signal::kTraces, {.items = 200});
  ASSERT_GT(request.size(), 50'000u);
  EXPECT_EQ(exporting.send_and_wait(batch_of(request, Signal::kTraces, 200)).kind,
            Outcome::Kind::kDelivered);
  const auto messages = cluster.read("otlp_spans", 9, 1);
  ASSERT_GE(messages.size(), 8u);
  uint32_t count = 0;
  for (const MockMessage& message : messages) {
    EXPECT_LE(message.value.size(), 10'000u);
    count += count_of(Signal::kTraces, message.value);
  }
  EXPECT_EQ(count, 200u);
}

TEST(KafkaExporterTest, AnItemThatDoesNotFitIsTooLargeAndNothingOfTheBatchIsSent) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  Exporting exporting(cluster.brokers(), "producer: {max_message_bytes: 1000}\n");
  // One span with every field, and its resource, are more than 1000 bytes.
  const Bytes large = otlp::example_request_with_everything(Signal::kTraces);
  ASSERT_GT(large.size(), 1000u);
  const Outcome outcome = exporting.send_and_wait(batch_of(large, Signal::kTraces, 2));
  EXPECT_EQ(outcome.kind, Outcome::Kind::kTooLarge);
  EXPECT_THAT(outcome.error.message, HasSubstr("the topic takes"));
  EXPECT_EQ(exporting.send_and_wait(batch_of(otlp::example_request(Signal::kTraces, {}))).kind,
            Outcome::Kind::kDelivered);
  EXPECT_EQ(cluster.read("otlp_spans", 1, 1).size(), 1u);
}

TEST(KafkaExporterTest, HeadersComeFromTheConfigurationAndTheMetadata) {
  MockCluster cluster;
  cluster.make_topic("tenant-a", 1);
  Exporting exporting(cluster.brokers(),
                      "record_headers: {Env: prod}\ninclude_metadata_keys: [X-Tenant]\n"
                      "signal_header: true\n"
                      "traces: {topic_from_metadata_key: x-topic, "
                      "message_key_from_metadata_key: x-tenant}\n");
  Batch batch = batch_of(otlp::example_request(Signal::kTraces, {}));
  auto metadata = std::make_shared<Metadata>();
  metadata->entries = {{"x-tenant", "blue"}, {"x-topic", "tenant-a"}, {"authorization", "no"}};
  batch.metadata = metadata;
  EXPECT_EQ(exporting.send_and_wait(std::move(batch)).kind, Outcome::Kind::kDelivered);
  const auto messages = cluster.read("tenant-a", 1, 1);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].key, "blue");
  EXPECT_THAT(messages[0].headers, ElementsAre(Pair("Env", "prod"), Pair("X-Tenant", "blue"),
                                               Pair("otelcol.signal", "traces")));
}

TEST(KafkaExporterTest, KeysGoToThePartitionOfSarama) {
  MockCluster cluster;
  cluster.make_topic("t", 12);
  Exporting exporting(cluster.brokers(), "traces: {topic: t, message_key_from_metadata_key: k}\n");
  // abs(int32(FNV-1a of the key) % 12), computed by Go's hash/fnv.
  const std::map<std::string, int32_t> expected = {
      {"a", 0}, {"key-1", 10}, {"00000000000000000000000000000001", 6}, {"foobar", 0}};
  for (const auto& [key, partition] : expected) {
    Batch batch = batch_of(otlp::example_request(Signal::kTraces, {}));
    auto metadata = std::make_shared<Metadata>();
    metadata->entries = {{"k", key}};
    batch.metadata = metadata;
    EXPECT_EQ(exporting.send_and_wait(std::move(batch)).kind, Outcome::Kind::kDelivered);
  }
  const auto messages = cluster.read("t", expected.size(), 12);
  ASSERT_EQ(messages.size(), expected.size());
  for (const MockMessage& message : messages) {
    ASSERT_TRUE(message.key);
    EXPECT_EQ(message.partition, expected.at(*message.key)) << *message.key;
  }
}

TEST(KafkaExporterTest, RoundRobinUsesEveryPartition) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 3);
  Exporting exporting(cluster.brokers(), "record_partitioner: {round_robin: {}}\n");
  // The first ones meet a topic whose partitions are not known yet.
  for (int i = 0; i < 12; ++i) {
    exporting.send(batch_of(otlp::example_request(Signal::kTraces, {})));
  }
  exporting.wait_for(12);
  std::map<int32_t, int> counts;
  for (const MockMessage& message : cluster.read("otlp_spans", 12, 3)) ++counts[message.partition];
  EXPECT_EQ(counts.size(), 3u);
  for (const auto& [partition, count] : counts) EXPECT_GE(count, 3) << partition;
}

TEST(KafkaExporterTest, AnErrorThatPassesIsRetriedByTheLibrary) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  Exporting exporting(cluster.brokers(), "producer: {required_acks: all}\n");
  cluster.fail_requests(kProduce, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 2);
  EXPECT_EQ(exporting.send_and_wait(batch_of(otlp::example_request(Signal::kTraces, {}))).kind,
            Outcome::Kind::kDelivered);
  EXPECT_EQ(cluster.read("otlp_spans", 1, 1).size(), 1u);
}

TEST(KafkaExporterTest, ABrokerThatIsAwayIsWorthAnotherAttempt) {
  Exporting exporting("127.0.0.1:1", "timeout: 500ms\n");
  const Outcome outcome =
      exporting.send_and_wait(batch_of(otlp::example_request(Signal::kTraces, {})));
  EXPECT_EQ(outcome.kind, Outcome::Kind::kRetry);
  EXPECT_FALSE(outcome.error.message.empty());
}

TEST(KafkaExporterTest, MissingRightsAreFinal) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  Exporting exporting(cluster.brokers(), "");
  cluster.fail_requests(kProduce, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 10);
  const Outcome outcome =
      exporting.send_and_wait(batch_of(otlp::example_request(Signal::kTraces, {})));
  EXPECT_EQ(outcome.kind, Outcome::Kind::kRefused);
  EXPECT_THAT(outcome.error.message, HasSubstr("topic otlp_spans"));
}

TEST(KafkaExporterTest, ABatchThatTheBrokerFindsTooLargeIsTriedOnceMoreBeforeItIsFinal) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  Exporting exporting(cluster.brokers(), "");
  cluster.fail_requests(kProduce, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 2);
  const Bytes request = otlp::example_request(Signal::kTraces, {});
  EXPECT_EQ(exporting.send_and_wait(batch_of(request)).kind, Outcome::Kind::kRetry);
  EXPECT_EQ(exporting.send_and_wait(batch_of(request)).kind, Outcome::Kind::kTooLarge);
  EXPECT_EQ(exporting.send_and_wait(batch_of(request)).kind, Outcome::Kind::kDelivered);
}

TEST(KafkaExporterTest, ClosingAnswersWhatIsUnderWay) {
  Exporting exporting("127.0.0.1:1", "");
  exporting.send(batch_of(otlp::example_request(Signal::kTraces, {})));
  exporting.close();
  EXPECT_EQ(exporting.wait_for(1)[0].kind, Outcome::Kind::kCancelled);
  EXPECT_EQ(exporting.send_and_wait(batch_of(otlp::example_request(Signal::kTraces, {}))).kind,
            Outcome::Kind::kCancelled);
}

TEST(KafkaExporterTest, WithoutMemoryABatchIsTriedLater) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  Exporting exporting(cluster.brokers(), "producer: {compression: zstd}\n");
  Reservation all = Reservation::make_beyond(exporting.budget(), MemoryTerm::kMessages,
                                             exporting.budget().limit() + kBeyondLimitBytes);
  const Bytes request = otlp::example_request(Signal::kTraces, {});
  EXPECT_EQ(exporting.send_and_wait(batch_of(request)).kind, Outcome::Kind::kRetry);
  all = Reservation();
  EXPECT_EQ(exporting.send_and_wait(batch_of(request)).kind, Outcome::Kind::kDelivered);
}

TEST(KafkaExporterTest, HeadersAreReservedWhileAMessageIsBeingSent) {
  constexpr size_t kBytes = 100'000;
  Exporting exporting("127.0.0.1:1", "record_headers: {Env: " + std::string(kBytes, 'x') + "}\n");
  exporting.send(batch_of(otlp::example_request(Signal::kTraces, {})));
  size_t used = 0;
  for (int i = 0; i < 500 && used == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    used = exporting.budget().used(MemoryTerm::kEncoded);
  }
  EXPECT_GE(used, kBytes);
}

// librdkafka's own queue took 100,000 messages, so that the attempt was repeated for ever.
TEST(KafkaExporterTest, ABatchMayBeMoreMessagesThanTheLibraryTakesByDefault) {
  constexpr uint32_t kCount = 100'100;
  MockCluster cluster;
  cluster.make_topic("otlp_logs", 1);
  Exporting exporting(cluster.brokers(), "logs: {encoding: raw}\n");
  const Bytes request = otlp::example_request(Signal::kLogs, {.items = kCount});
  const Outcome outcome = exporting.send_and_wait(batch_of(request, Signal::kLogs, kCount));
  EXPECT_EQ(outcome.kind, Outcome::Kind::kDelivered) << outcome.error.message;
}

TEST(KafkaExporterTest, ATextThatIsNoNameOfATopicIsRefused) {
  MockCluster cluster;
  Exporting exporting(cluster.brokers(), "traces: {topic_from_metadata_key: topic}\n");
  Batch batch = batch_of(otlp::example_request(Signal::kTraces, {}));
  auto metadata = std::make_shared<Metadata>();
  metadata->entries = {{"topic", std::string(600, 'a')}};
  batch.metadata = metadata;
  EXPECT_EQ(exporting.send_and_wait(std::move(batch)).kind, Outcome::Kind::kRefused);
}

}  // namespace
}  // namespace millrace::exporters::kafka
