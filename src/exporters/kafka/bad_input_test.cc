// What brokers do that they should not, item by item.
#include <gtest/gtest.h>

#include "exporters/kafka/testing/exporting.h"
#include "kafka/testing/mock_cluster.h"
#include "otlp/example_requests.h"

namespace millrace::exporters::kafka {
namespace {

using millrace::kafka::testing::MockCluster;
using pipeline::Outcome;
using testing::batch_of;
using testing::Exporting;

constexpr int16_t kProduce = 0;  // the protocol's key of the request
constexpr const char* kSafe = "producer: {required_acks: all}\n";

pipeline::Batch one_span() { return batch_of(otlp::example_request(Signal::kTraces, {})); }

TEST(KafkaExporterBadInputTest, ABrokerThatIsAwayAtTheStartTakesTheNextAttempt) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  cluster.set_down(1);
  Exporting exporting(cluster.brokers(), "timeout: 500ms\n");
  EXPECT_EQ(exporting.send_and_wait(one_span()).kind, Outcome::Kind::kRetry);
  cluster.set_up(1);
  Outcome outcome;
  for (int i = 0; i < 40 && (i == 0 || outcome.kind == Outcome::Kind::kRetry); ++i) {
    outcome = exporting.send_and_wait(one_span());
  }
  EXPECT_EQ(outcome.kind, Outcome::Kind::kDelivered) << outcome.error.message;
}

TEST(KafkaExporterBadInputTest, APartitionThatGetsAnotherLeaderTakesEachRecordOnce) {
  MockCluster cluster(3);
  cluster.make_topic("otlp_spans", 1, 3);
  cluster.set_leader("otlp_spans", 0, 1);
  Exporting exporting(cluster.brokers(), kSafe);
  EXPECT_EQ(exporting.send_and_wait(one_span()).kind, Outcome::Kind::kDelivered);
  cluster.set_leader("otlp_spans", 0, 2);
  EXPECT_EQ(exporting.send_and_wait(one_span()).kind, Outcome::Kind::kDelivered);
  EXPECT_EQ(cluster.read("otlp_spans", 3, 1).size(), 2u);
}

TEST(KafkaExporterBadInputTest, AFullBrokerIsWorthAnotherAttempt) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  Exporting exporting(cluster.brokers(), std::string(kSafe) + "timeout: 1s\n");
  cluster.fail_requests(kProduce, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, 1000);
  EXPECT_EQ(exporting.send_and_wait(one_span()).kind, Outcome::Kind::kRetry);
  rd_kafka_mock_clear_request_errors(cluster.handle(), kProduce);
  Outcome outcome;
  for (int i = 0; i < 20 && (i == 0 || outcome.kind == Outcome::Kind::kRetry); ++i) {
    outcome = exporting.send_and_wait(one_span());
  }
  EXPECT_EQ(outcome.kind, Outcome::Kind::kDelivered) << outcome.error.message;
}

TEST(KafkaExporterBadInputTest, ABrokerThatAnswersSlowlyIsWaitedForAndTakesEachRecordOnce) {
  MockCluster cluster;
  cluster.make_topic("otlp_spans", 1);
  Exporting exporting(cluster.brokers(), std::string(kSafe) + "timeout: 10s\n");
  EXPECT_EQ(exporting.send_and_wait(one_span()).kind, Outcome::Kind::kDelivered);
  cluster.set_answer_time(1, 700);
  for (int i = 0; i < 5; ++i) exporting.send(one_span());
  for (const Outcome& outcome : exporting.wait_for(6)) {
    EXPECT_EQ(outcome.kind, Outcome::Kind::kDelivered) << outcome.error.message;
  }
  cluster.set_answer_time(1, 0);
  EXPECT_EQ(cluster.read("otlp_spans", 7, 1).size(), 6u);
}

TEST(KafkaExporterBadInputTest, ATopicThatDoesNotExistIsTriedAgainUntilItIsMade) {
  MockCluster cluster;
  cluster.fail_topic("otlp_spans", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  Exporting exporting(cluster.brokers(), "timeout: 500ms\nmetadata: {refresh_interval: 100ms}\n");
  EXPECT_EQ(exporting.send_and_wait(one_span()).kind, Outcome::Kind::kRetry);
  cluster.fail_topic("otlp_spans", RD_KAFKA_RESP_ERR_NO_ERROR);
  Outcome outcome;
  for (int i = 0; i < 40 && (i == 0 || outcome.kind == Outcome::Kind::kRetry); ++i) {
    outcome = exporting.send_and_wait(one_span());
  }
  EXPECT_EQ(outcome.kind, Outcome::Kind::kDelivered) << outcome.error.message;
}

}  // namespace
}  // namespace millrace::exporters::kafka
