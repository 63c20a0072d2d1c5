#include "receivers/kafka/unreadable_batches.h"

namespace millrace::receivers::kafka {
namespace {

constexpr Duration kLineInterval = 1min;

bool is_about_a_batch(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__BAD_COMPRESSION || error == RD_KAFKA_RESP_ERR__BAD_MSG ||
         error == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
}

}  // namespace

UnreadableBatches::UnreadableBatches(std::string receiver, Logger& log, metrics::Registry& metrics)
    : receiver_(std::move(receiver)),
      log_(log),
      count_(metrics.counter("millrace_kafka_receiver_unreadable_batches",
                             "Batches of messages that are damaged or cannot be decompressed.",
                             {{"name", receiver_}})) {}

bool UnreadableBatches::note(const millrace::kafka::Library& api, rd_kafka_event_t* event,
                             MonotonicTime now) {
  if (!is_about_a_batch(api.event_error(event))) return false;
  rd_kafka_topic_partition_t* const place = api.event_topic_partition(event);
  if (place == nullptr) return false;
  Batch& last = last_[{place->topic, place->partition}];
  const bool is_new = last.offset != place->offset;
  if (is_new) count_.add(1);
  if (is_new || now >= last.next_line) {
    last = {.offset = place->offset, .next_line = now + kLineInterval};
    log_.error(
        "a batch of Kafka messages cannot be read; its partition stands still until the offset of "
        "the group is moved past the batch",
        {{"receiver", receiver_},
         {"topic", place->topic},
         {"partition", place->partition},
         {"offset", place->offset},
         {"error", api.event_error_string(event)}});
  }
  api.topic_partition_destroy(place);
  return true;
}

}  // namespace millrace::receivers::kafka
