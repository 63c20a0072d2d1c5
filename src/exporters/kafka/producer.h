// The producer of one worker, shared by its exporters of one component: the connection to the
// brokers, and how large a record of each topic may be.
//
// The limit of a topic is asked from the broker (max.message.bytes) before the first record, and
// again when the broker refuses one as too large. While no broker tells, the configured limit
// counts. librdkafka joins records to batches up to one
// limit for all topics, so where a topic takes less, a client with the smaller limit takes the
// place of the one before, which ends when its deliveries are known.
//
// One loop. Used on it only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metadata.h"
#include "base/result.h"
#include "exporters/kafka/options.h"
#include "io/loop.h"
#include "kafka/client.h"
#include "memory/budget.h"
#include "metrics/registry.h"
#include "pipeline/exporter.h"

namespace millrace::exporters::kafka {

// The bytes of a record, and of the batch that it is in, beside its key, value and headers, at
// most.
inline constexpr size_t kRecordOverheadBytes = 61 + 40;
inline constexpr size_t kHeaderOverheadBytes = 10;

struct Record {
  const std::string& topic;
  const std::string* key = nullptr;  // null: no key
  const std::vector<MetadataEntry>& headers;
  Bytes value;         // kept until the delivery is known, not copied
  Reservation memory;  // released then
};

class Producer {
 public:
  using OnDelivered = std::move_only_function<void(pipeline::Outcome)>;
  struct Parts {
    std::shared_ptr<const KafkaOptions> options;              // shared by the workers
    std::shared_ptr<const millrace::kafka::Library> library;  // shared by the workers
    std::string name;
    io::Loop& loop;
    Logger& log;
    metrics::Registry* metrics = nullptr;  // null: the states of brokers are not shown
    // A record waits so long for the answer to the question how large it may be.
    Duration ask_timeout = 1s;
  };
  static Result<std::shared_ptr<Producer>> make(Parts parts);
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // The most bytes of a record of that topic: key, value, headers and overheads. Nothing while the
  // broker is asked; then `then` is called with it in a later turn.
  using Limit = std::move_only_function<void(size_t)>;
  std::optional<size_t> limit_of(const std::string& topic, Limit&& then);

  // Hands the record to librdkafka. `on_delivered` is called once on the loop: in a later turn, or
  // within this call when the record was not taken.
  void send(Record record, OnDelivered on_delivered);

  std::string describe() const;

 private:
  struct Delivery;
  struct Outgoing;  // a client, and the deliveries and answers that it owes
  struct TopicLimit;

  explicit Producer(Parts parts);
  Status open(size_t record_bytes_max);
  bool on_event(Outgoing& outgoing, rd_kafka_event_t* event);
  void on_reports(Outgoing& outgoing, rd_kafka_event_t* event);
  void on_error(Outgoing& outgoing, rd_kafka_event_t* event);
  void ask(TopicLimit& topic);
  void on_limit(Outgoing& outgoing, rd_kafka_event_t* event);
  std::optional<size_t> read_limit(rd_kafka_event_t* event) const;
  void ask_again_about(const std::string& topic);
  void note_too_large(const std::string& topic);
  void lower_limit(size_t bytes);
  void end_unused_later();
  void end_if_unused(const Outgoing& outgoing);

  const Parts parts_;
  std::vector<std::unique_ptr<Outgoing>> clients_;  // the last one sends
  std::map<std::string, std::unique_ptr<TopicLimit>, std::less<>> topics_;
  size_t record_bytes_max_ = 0;  // of the client that sends
  std::string last_error_;
  bool is_ending_ = false;           // deliveries end; no client is made any more
  std::shared_ptr<Producer*> self_;  // points to null after the end: for posted tasks
};

}  // namespace millrace::exporters::kafka
