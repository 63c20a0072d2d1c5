#include "receivers/kafka/unreadable_batches.h"

#include <gtest/gtest.h>

#include <optional>

namespace millrace::receivers::kafka {
namespace {

// The error that the functions of the fake library show.
struct Shown {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__BAD_COMPRESSION;
  std::optional<int64_t> offset = 7;  // nothing: it is not about a partition
  rd_kafka_topic_partition_t place{};
};
Shown& shown() {
  static Shown one;
  return one;
}

class UnreadableBatchesTest : public testing::Test {
 protected:
  UnreadableBatchesTest() {
    shown() = {};
    api.event_error = [](rd_kafka_event_t*) { return shown().error; };
    api.event_error_string = [](rd_kafka_event_t*) { return "it is damaged"; };
    api.event_topic_partition = [](rd_kafka_event_t*) -> rd_kafka_topic_partition_t* {
      if (!shown().offset) return nullptr;
      static char topic[] = "orders";
      shown().place.topic = topic;
      shown().place.partition = 3;
      shown().place.offset = *shown().offset;
      return &shown().place;
    };
    api.topic_partition_destroy = [](rd_kafka_topic_partition_t*) {};
  }
  bool note(Duration at = 0s) { return batches.note(api, nullptr, MonotonicTime(at)); }
  uint64_t count() {
    return metrics.counter("millrace_kafka_receiver_unreadable_batches", "", {{"name", "kafka/a"}})
        .value();
  }

  millrace::kafka::Library api;
  std::string lines;
  Logger log{{}, [this](std::string_view line) { lines += line; }, [] { return int64_t{0}; }};
  metrics::Registry metrics;
  UnreadableBatches batches{"kafka/a", log, metrics};
};

TEST_F(UnreadableBatchesTest, TheLineHasThePlaceAndTheCause) {
  EXPECT_TRUE(note());
  for (const char* text : {"kafka/a", "orders", "3", "7", "it is damaged", "stands still"}) {
    EXPECT_TRUE(lines.contains(text)) << text << ": " << lines;
  }
}

TEST_F(UnreadableBatchesTest, ABatchThatIsFetchedAgainIsCountedOnceAndLoggedOnceAMinute) {
  note(1s);
  lines.clear();
  EXPECT_TRUE(note(2s));
  EXPECT_EQ(lines, "");
  note(62s);
  EXPECT_NE(lines, "");
  EXPECT_EQ(count(), 1u);
  shown().offset = 90;
  note(63s);
  EXPECT_EQ(count(), 2u);
}

TEST_F(UnreadableBatchesTest, OtherErrorsAreNotNoted) {
  shown().error = RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
  EXPECT_FALSE(note());
  shown() = {.error = RD_KAFKA_RESP_ERR__BAD_MSG, .offset = std::nullopt, .place = {}};
  EXPECT_FALSE(note());
  EXPECT_EQ(count(), 0u);
}

}  // namespace
}  // namespace millrace::receivers::kafka
