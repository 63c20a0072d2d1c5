#include "exporters/kafka/producer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "exporters/kafka/testing/exporting.h"
#include "kafka/testing/loop_thread.h"
#include "kafka/testing/mock_cluster.h"

namespace millrace::exporters::kafka {
namespace {

using millrace::kafka::Library;
using millrace::kafka::testing::LoopThread;
using millrace::kafka::testing::MockCluster;
using pipeline::Outcome;

const Library& real() {
  static const std::shared_ptr<const Library> library = *millrace::kafka::load_library();
  return *library;
}

// The limits that a broker tells, in the order of its answers: the mock cluster tells none, so the
// functions that read an answer are replaced.
std::vector<const char*>& told() {
  static std::vector<const char*> limits;
  return limits;
}
std::shared_ptr<const Library> telling_library() {
  auto library = std::make_shared<Library>(real());
  // Questions about topics "late…" go to a broker that does not exist, and time out.
  library->ConfigResource_new = [](rd_kafka_ResourceType_t type, const char* name) {
    return std::string_view(name).starts_with("late")
               ? real().ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, "99")
               : real().ConfigResource_new(type, name);
  };
  library->event_error = [](rd_kafka_event_t*) { return RD_KAFKA_RESP_ERR_NO_ERROR; };
  library->event_DescribeConfigs_result = [](rd_kafka_event_t*) {
    return static_cast<const rd_kafka_DescribeConfigs_result_t*>(nullptr);
  };
  library->DescribeConfigs_result_resources = [](const rd_kafka_DescribeConfigs_result_t*,
                                                 size_t* count) {
    static const rd_kafka_ConfigResource_t* one = nullptr;
    *count = 1;
    return &one;
  };
  library->ConfigResource_error = [](const rd_kafka_ConfigResource_t*) {
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  };
  library->ConfigResource_configs = [](const rd_kafka_ConfigResource_t*, size_t* count) {
    static const rd_kafka_ConfigEntry_t* one = nullptr;
    *count = 1;
    return &one;
  };
  library->ConfigEntry_name = [](const rd_kafka_ConfigEntry_t*) { return "max.message.bytes"; };
  library->ConfigEntry_value = [](const rd_kafka_ConfigEntry_t*) {
    const char* const first = told().at(0);
    told().erase(told().begin());
    return first;
  };
  return library;
}

class ProducerTest : public ::testing::Test {
 protected:
  void start(const std::string& yaml) {
    const auto options = testing::options_of(cluster.brokers(), yaml);
    loop.run([&] {
      auto made = Producer::make({.options = options,
                                  .library = telling_library(),
                                  .name = "kafka",
                                  .loop = loop.loop(),
                                  .log = log,
                                  .ask_timeout = 300ms});
      EXPECT_TRUE(made.has_value());
      producer = *std::move(made);
    });
  }
  void TearDown() override {
    loop.run([&] { producer.reset(); });
  }
  void ask(const std::string& topic, size_t& into) {
    const auto known = producer->limit_of(topic, [&into](size_t limit) { into = limit; });
    EXPECT_FALSE(known);
  }

  MockCluster cluster;
  Logger log{{}, nullptr, [] { return int64_t{0}; }};
  LoopThread loop;
  std::shared_ptr<Producer> producer;
};

// The client that had asked ended with its question, and the batches of the topic waited for ever.
TEST_F(ProducerTest, AClientThatIsReplacedEndsAfterTheAnswersThatItOwes) {
  told() = {"5000", "4000"};
  size_t first = 0;
  size_t late = 0;
  start("");
  loop.run([&] { ask("late", first); });
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  loop.run([&] { ask("later", late); });
  ASSERT_TRUE(loop.wait_for([&] { return late != 0; }, std::chrono::seconds(5)));
  loop.run([&] {
    EXPECT_EQ(first, 5000u);
    EXPECT_EQ(late, 4000u);
  });
}

// A client was added to the list of clients that were being ended.
TEST_F(ProducerTest, AnAnswerThatComesDuringTheEndMakesNoClient) {
  cluster.make_topic("first", 1);
  told() = {"1000000", "5000"};
  size_t first = 0;
  size_t second = 0;
  start("producer: {linger: 2s}\n");
  loop.run([&] { ask("first", first); });
  ASSERT_TRUE(loop.wait_for([&] { return first != 0; }));
  const std::string topic = "first";
  const std::vector<MetadataEntry> headers;
  Outcome outcome;
  loop.run([&] {
    producer->send({.topic = topic, .headers = headers, .value = Bytes::copy_of("x"), .memory = {}},
                   [&](Outcome answer) { outcome = std::move(answer); });
    ask("second", second);
    // The answer is there, and not read, when the end comes.
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    producer.reset();
  });
  EXPECT_EQ(outcome.kind, Outcome::Kind::kRetry);
  EXPECT_EQ(second, 0u);
}

}  // namespace
}  // namespace millrace::exporters::kafka
