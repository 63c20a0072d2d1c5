#include "receivers/kafka/receiver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "kafka/testing/mock_cluster.h"
#include "receivers/kafka/testing/receiving.h"

namespace millrace::receivers::kafka {
namespace {

using millrace::kafka::testing::MockCluster;
using pipeline::Verdict;
using ::testing::HasSubstr;
using testing::numbered;
using testing::Receiving;

TEST(KafkaReceiverTest, AMessageIsHandedInByteForByteWithItsPlaceAndHeaders) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  const std::string request(otlp::example_request_with_everything(Signal::kTraces).text());
  cluster.write("otlp_spans", request, 0, {{"X-Tenant", "blue"}});
  Receiving receiving(cluster.brokers(), "");
  ASSERT_TRUE(receiving.start().wait_until_taken(1));
  receiving.run([&] {
    EXPECT_EQ(receiving.intake.taken[0], request);
    const Metadata& metadata = *receiving.intake.metadata[0];
    EXPECT_EQ(metadata.find("x-tenant"), "blue");
    EXPECT_EQ(metadata.find("kafka.topic"), "otlp_spans");
    EXPECT_EQ(metadata.find("kafka.partition"), "0");
    EXPECT_EQ(metadata.find("kafka.offset"), "0");
  });
}

TEST(KafkaReceiverTest, AnOffsetIsCommittedWhenTheMessageIsProcessedAndNotBefore) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  for (uint64_t i = 1; i <= 3; ++i) cluster.write("otlp_spans", numbered(i));
  Receiving receiving(cluster.brokers(), "");
  receiving.intake.holds = true;
  ASSERT_TRUE(receiving.start().wait_until_taken(3));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LT(cluster.committed("otel-collector", "otlp_spans", 0), 0);
  receiving.run([&] { receiving.intake.deliver_all(); });
  for (int i = 0; i < 100 && cluster.committed("otel-collector", "otlp_spans", 0) != 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(cluster.committed("otel-collector", "otlp_spans", 0), 3);
}

TEST(KafkaReceiverTest, WhatIsRefusedForNowIsTriedAgainAndNothingIsLost) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 2);
  for (uint64_t i = 1; i <= 40; ++i) cluster.write("otlp_spans", numbered(i), i % 2);
  Receiving receiving(cluster.brokers(), "");
  receiving.intake.refuse = [count = 0](const Bytes&) mutable -> std::optional<Verdict> {
    if (++count % 3 != 0) return std::nullopt;
    return Verdict{.code = Code::kUnavailable, .message = "full", .retry_after = 1s};
  };
  ASSERT_TRUE(receiving.start().wait_until_taken(40));
  EXPECT_EQ(receiving.taken().size(), 40u);
}

TEST(KafkaReceiverTest, ALongRefusalPausesPartitionsAndLosesNothing) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 2);
  for (uint64_t i = 1; i <= 60; ++i) cluster.write("otlp_spans", numbered(i), i % 2);
  Receiving receiving(cluster.brokers(), "in_flight_max: 5\n");
  receiving.intake.refuse = [](const Bytes&) -> std::optional<Verdict> {
    return Verdict{.code = Code::kUnavailable, .message = "full", .retry_after = 1s};
  };
  receiving.start();
  ASSERT_TRUE(receiving.wait_for([&] { return receiving.intake.submitted > 0; }));
  // Longer than stall_max, so that the partitions are paused.
  std::this_thread::sleep_for(std::chrono::milliseconds(800));
  receiving.run([&] { receiving.intake.refuse = nullptr; });
  ASSERT_TRUE(receiving.wait_until_taken(60));
  EXPECT_EQ(receiving.taken().size(), 60u);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  receiving.run([&] { EXPECT_EQ(receiving.intake.taken.size(), 60u); });
}

TEST(KafkaReceiverTest, PoisonGoesToTheDeadLettersAndTheNextMessageFollows) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  cluster.write("otlp_spans", numbered(1));
  cluster.write("otlp_spans", "this is not OTLP");
  cluster.write("otlp_spans", numbered(2).substr(0, 50));
  cluster.write("otlp_spans", numbered(3));
  Receiving receiving(cluster.brokers(), "");
  ASSERT_TRUE(receiving.start().wait_until_taken(2));
  EXPECT_EQ(receiving.taken(), (std::set{numbered(1), numbered(3)}));
  receiving.run([&] {
    ASSERT_EQ(receiving.letters.letters.size(), 2u);
    EXPECT_EQ(receiving.letters.letters[0], "this is not OTLP");
    EXPECT_EQ(receiving.letters.offsets[1], "2");
  });
  EXPECT_EQ(receiving.counter("otelcol_kafka_receiver_unmarshal_failed_spans"), 2u);
}

TEST(KafkaReceiverTest, WhatAPipelineRefusesForGoodGoesToTheDeadLetters) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  for (uint64_t i = 1; i <= 2; ++i) cluster.write("otlp_spans", numbered(i));
  Receiving receiving(cluster.brokers(), "");
  receiving.intake.refuse = [](const Bytes& bytes) -> std::optional<Verdict> {
    if (bytes.text() != numbered(1)) return std::nullopt;
    return Verdict{.code = Code::kInvalidArgument, .message = "no"};
  };
  ASSERT_TRUE(receiving.start().wait_until_taken(1));
  receiving.run([&] { EXPECT_EQ(receiving.letters.letters, std::vector{numbered(1)}); });
}

TEST(KafkaReceiverTest, ATombstoneAndAnEmptyRequestArePassedOver) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  cluster.write("otlp_spans", "");
  cluster.write("otlp_spans", numbered(1));
  Receiving receiving(cluster.brokers(), "");
  ASSERT_TRUE(receiving.start().wait_until_taken(1));
  EXPECT_EQ(receiving.taken(), std::set{numbered(1)});
}

TEST(KafkaReceiverTest, RawMessagesBecomeLogRecords) {
  MockCluster cluster;
  cluster.make_topic("otlp_logs", 1);
  cluster.write("otlp_logs", "a line");
  Receiving receiving(cluster.brokers(), "logs: {encoding: text}\n", Signal::kLogs);
  ASSERT_TRUE(receiving.start().wait_until_taken(1));
  receiving.run([&] { EXPECT_THAT(receiving.intake.taken[0], HasSubstr("a line")); });
}

TEST(KafkaReceiverTest, OfTwoMembersEachMessageIsProcessedAndOneTakesOver) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 4);
  Receiving first(cluster.brokers(), "");
  Receiving second(cluster.brokers(), "");
  first.start();
  for (uint64_t i = 1; i <= 20; ++i) cluster.write("otlp_spans", numbered(i), i % 4);
  ASSERT_TRUE(first.wait_until_taken(20));
  second.start();
  ASSERT_TRUE(second.wait_for(
      [&] { return second.counter("otelcol_kafka_receiver_partition_start") > 0; }));
  for (uint64_t i = 21; i <= 60; ++i) cluster.write("otlp_spans", numbered(i), i % 4);
  const auto all = [&] {
    std::set<std::string> taken = first.taken();
    taken.merge(second.taken());
    return taken.size();
  };
  for (int i = 0; i < 300 && all() < 60; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(all(), 60u);
  EXPECT_FALSE(second.taken().empty());
  first.stop();
  for (uint64_t i = 61; i <= 80; ++i) cluster.write("otlp_spans", numbered(i), i % 4);
  for (int i = 0; i < 400 && all() < 80; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(all(), 80u);
}

TEST(KafkaReceiverTest, TheEndCommitsWhatWasProcessed) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  for (uint64_t i = 1; i <= 5; ++i) cluster.write("otlp_spans", numbered(i));
  {
    Receiving receiving(cluster.brokers(), "autocommit: {interval: 1h}\n");
    ASSERT_TRUE(receiving.start().wait_until_taken(5));
  }
  EXPECT_EQ(cluster.committed("otel-collector", "otlp_spans", 0), 5);
}

TEST(KafkaReceiverTest, WithoutMemoryAMessageWaits) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  for (uint64_t i = 1; i <= 5; ++i) cluster.write("otlp_spans", numbered(i));
  Receiving receiving(cluster.brokers(), "");
  Reservation all = Reservation::make_beyond(receiving.budget(), MemoryTerm::kMessages,
                                             receiving.budget().limit());
  receiving.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(1000));
  EXPECT_TRUE(receiving.taken().empty());
  all = Reservation();
  ASSERT_TRUE(receiving.wait_until_taken(5));
  EXPECT_EQ(receiving.taken().size(), 5u);
}

TEST(KafkaReceiverTest, PositionAndLagAreMetrics) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  for (uint64_t i = 1; i <= 10; ++i) cluster.write("otlp_spans", numbered(i));
  Receiving receiving(cluster.brokers(), "in_flight_max: 4\n");
  receiving.intake.holds = true;
  ASSERT_TRUE(receiving.start().wait_until_taken(4));
  constexpr std::string_view kLag =
      "otelcol_kafka_receiver_offset_lag{name=\"kafka\",partition=\"0\",topic=\"otlp_spans\"} 6";
  for (int i = 0; i < 100 && !receiving.metrics_text().contains(kLag); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_THAT(receiving.metrics_text(), HasSubstr(std::string(kLag)));
}

TEST(KafkaReceiverTest, AMemberWithoutMessagesStaysInItsGroup) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  Receiving receiving(cluster.brokers(), "");
  receiving.options().client.properties.emplace_back("max.poll.interval.ms", "6000");
  receiving.start();
  ASSERT_TRUE(receiving.wait_for(
      [&] { return receiving.counter("otelcol_kafka_receiver_partition_start") == 1; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(8000));
  EXPECT_EQ(receiving.counter("otelcol_kafka_receiver_partition_close"), 0u);
}

TEST(KafkaReceiverTest, AStopWithARefusedMessageLeavesTheGroupAtOnceAndCommitsNothing) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  cluster.write("otlp_spans", numbered(1));
  Receiving receiving(cluster.brokers(), "");
  receiving.intake.refuse = [](const Bytes&) -> std::optional<Verdict> {
    return Verdict{.code = Code::kUnavailable, .message = "full", .retry_after = 1s};
  };
  receiving.start();
  ASSERT_TRUE(receiving.wait_for([&] { return receiving.intake.submitted > 0; }));
  receiving.stop();
  EXPECT_TRUE(receiving.wait_for(
      [&] { return receiving.counter("otelcol_kafka_receiver_partition_close") == 1; }, 1500ms));
  EXPECT_LT(cluster.committed("otel-collector", "otlp_spans", 0), 0);
}

TEST(KafkaReceiverTest, WhatEndsBehindAMessageUnderWayIsBounded) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  for (uint64_t i = 1; i <= 30; ++i) cluster.write("otlp_spans", numbered(i));
  Receiving receiving(cluster.brokers(), "");
  receiving.options().remembered_max = 10;
  receiving.intake.refuse = [&](const Bytes& bytes) -> std::optional<Verdict> {
    receiving.intake.holds = bytes.text() == numbered(1);
    return std::nullopt;
  };
  ASSERT_TRUE(receiving.start().wait_until_taken(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_EQ(receiving.taken().size(), 10u);
  receiving.run([&] { receiving.intake.deliver_all(); });
  EXPECT_TRUE(receiving.wait_until_taken(30));
}

}  // namespace
}  // namespace millrace::receivers::kafka
