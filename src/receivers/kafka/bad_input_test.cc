// What brokers, groups and writers do that they should not, item by item.
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "kafka/testing/mock_cluster.h"
#include "receivers/kafka/message_decoder.h"
#include "receivers/kafka/testing/receiving.h"

namespace millrace::receivers::kafka {
namespace {

using millrace::kafka::testing::MockCluster;
using testing::numbered;
using testing::Receiving;

constexpr int16_t kOffsetCommit = 8;  // the protocol's keys of requests
constexpr int16_t kFetch = 1;
constexpr int16_t kSyncGroup = 14;

bool is_committed(MockCluster& cluster, const char* group, int64_t offset) {
  for (int i = 0; i < 200 && cluster.committed(group, "otlp_spans", 0) != offset; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return cluster.committed(group, "otlp_spans", 0) == offset;
}

TEST(KafkaReceiverBadInputTest, ABrokerThatIsAwayAtTheStartIsReadWhenItComes) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  cluster.write("otlp_spans", numbered(1));
  cluster.set_down(1);
  Receiving receiving(cluster.brokers(), "");
  receiving.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_TRUE(receiving.taken().empty());
  cluster.set_up(1);
  EXPECT_TRUE(receiving.wait_until_taken(1));
}

TEST(KafkaReceiverBadInputTest, APartitionThatGetsAnotherLeaderIsReadOn) {
  MockCluster cluster(3);
  cluster.make_topic("otlp_spans", 1, 3);
  cluster.set_leader("otlp_spans", 0, 1);
  cluster.write("otlp_spans", numbered(1));
  Receiving receiving(cluster.brokers(), "");
  ASSERT_TRUE(receiving.start().wait_until_taken(1));
  cluster.set_leader("otlp_spans", 0, 2);
  cluster.write("otlp_spans", numbered(2));
  ASSERT_TRUE(receiving.wait_until_taken(2));
  EXPECT_EQ(receiving.taken(), (std::set{numbered(1), numbered(2)}));
}

TEST(KafkaReceiverBadInputTest, AFetchThatFailsIsRepeatedAndSkipsNothing) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  for (uint64_t i = 1; i <= 10; ++i) cluster.write("otlp_spans", numbered(i));
  cluster.fail_requests(kFetch, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, 3);
  Receiving receiving(cluster.brokers(), "");
  ASSERT_TRUE(receiving.start().wait_until_taken(10));
  EXPECT_EQ(receiving.taken().size(), 10u);
}

TEST(KafkaReceiverBadInputTest, ACommitThatFailsIsCountedAndMadeUpFor) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  cluster.write("otlp_spans", numbered(1));
  cluster.fail_requests(kOffsetCommit, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 1);
  Receiving receiving(cluster.brokers(), "");
  ASSERT_TRUE(receiving.start().wait_until_taken(1));
  ASSERT_TRUE(receiving.wait_for(
      [&] { return receiving.counter("millrace_kafka_receiver_failed_commits") == 1; }));
  cluster.write("otlp_spans", numbered(2));
  ASSERT_TRUE(receiving.wait_until_taken(2));
  EXPECT_TRUE(is_committed(cluster, "otel-collector", 2));
}

TEST(KafkaReceiverBadInputTest, TwoGroupsReadEverythingEach) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  for (uint64_t i = 1; i <= 10; ++i) cluster.write("otlp_spans", numbered(i));
  Receiving first(cluster.brokers(), "group_id: a\n");
  Receiving second(cluster.brokers(), "group_id: b\n");
  first.start();
  second.start();
  ASSERT_TRUE(first.wait_until_taken(10));
  ASSERT_TRUE(second.wait_until_taken(10));
  EXPECT_EQ(first.taken(), second.taken());
  EXPECT_TRUE(is_committed(cluster, "a", 10));
  EXPECT_TRUE(is_committed(cluster, "b", 10));
}

TEST(KafkaReceiverBadInputTest, ARebalanceEverySecondLosesNothing) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 4);
  Receiving first(cluster.brokers(), "");
  first.start();
  std::set<std::string> taken;
  uint64_t number = 0;
  for (int round = 0; round < 4; ++round) {
    Receiving second(cluster.brokers(), "");
    second.start();
    for (int i = 0; i < 20; ++i, ++number) {
      cluster.write("otlp_spans", numbered(number), static_cast<int32_t>(number % 4));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1000));
    taken.merge(second.taken());
  }
  for (int i = 0; i < 400 && taken.size() < number; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    taken.merge(first.taken());
  }
  EXPECT_EQ(taken.size(), number);
}

// librdkafka 2.0.2 ended the process by an assertion.
TEST(KafkaReceiverBadInputTest, AMemberThatEndsBeforeItsFirstAssignmentDoesNotEndTheProcess) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  cluster.delay_answer(1, kSyncGroup, 8000);
  {
    Receiving receiving(cluster.brokers(), "");
    receiving.start();
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    EXPECT_EQ(receiving.counter("otelcol_kafka_receiver_partition_start"), 0u);
  }
}

TEST(KafkaReceiverBadInputTest, ATopicThatDoesNotExistIsReadWhenItIsMade) {
  MockCluster cluster;
  cluster.fail_topic("otlp_spans", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  Receiving receiving(cluster.brokers(), "metadata: {refresh_interval: 200ms}\n");
  receiving.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  cluster.fail_topic("otlp_spans", RD_KAFKA_RESP_ERR_NO_ERROR);
  cluster.write("otlp_spans", numbered(1));
  EXPECT_TRUE(receiving.wait_until_taken(1));
}

TEST(KafkaReceiverBadInputTest, AHeaderThatLiesAboutTheMessageChangesNothing) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  cluster.write("otlp_spans", numbered(1), 0,
                {{"content-encoding", "gzip"},
                 {"content-type", "application/json"},
                 {"otelcol.signal", "logs"},
                 {"kafka.offset", "77"}});
  Receiving receiving(cluster.brokers(), "");
  ASSERT_TRUE(receiving.start().wait_until_taken(1));
  receiving.run([&] {
    EXPECT_EQ(receiving.intake.taken[0], numbered(1));
    EXPECT_EQ(receiving.intake.metadata[0]->find("kafka.offset"), "0");
  });
}

TEST(KafkaReceiverBadInputTest, FieldsOfANewerEncodingStayAsTheyCame) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  const std::string newer = numbered(1) + "\xf2\x3f\x03new";  // field 1022, three bytes
  cluster.write("otlp_spans", newer);
  Receiving receiving(cluster.brokers(), "");
  ASSERT_TRUE(receiving.start().wait_until_taken(1));
  EXPECT_EQ(receiving.taken(), std::set{newer});
}

// A message of 100 MB where the budget takes no such request: poison, not a wait for ever.
TEST(KafkaReceiverBadInputTest, AMessageLargerThanTheBudgetIsTooLargeAndOneWithoutRoomWaits) {
  Budget budget{size_t{8} << 20};
  ChunkPool pool(budget, 0);
  const std::vector<uint8_t> large(100'000'000);
  const Result<Bytes> refused = MessageDecoder::copy(large, pool);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  const Reservation all = Reservation::make_beyond(budget, MemoryTerm::kMessages, budget.limit());
  const Result<Bytes> later = MessageDecoder::copy({large.data(), 1000}, pool);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace millrace::receivers::kafka
