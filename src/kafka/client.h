// One client of librdkafka, a producer or a consumer, whose events arrive on a loop.
//
// librdkafka has threads of its own, which read and write its sockets. They put events into the
// client's queue and post one task to the loop; the loop then takes events until the queue is
// empty, a bounded number in each turn. So everything but the library's internals happens on the
// loop, without locks.
//
// Threads: used and destroyed on the loop's thread, or when the loop does not run.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "io/loop.h"
#include "kafka/broker_states.h"
#include "kafka/library.h"
#include "metrics/registry.h"

namespace millrace::kafka {

// Properties as librdkafka's CONFIGURATION.md names them.
using Properties = std::vector<std::pair<std::string, std::string>>;

enum class Role : uint8_t { kProducer, kConsumer };

using Partitioner = int32_t (*)(const rd_kafka_topic_t*, const void* key, size_t key_size,
                                int32_t partition_count, void* topic_opaque, void* message_opaque);

struct ClientParts {
  std::shared_ptr<const Library> library;  // shared by the clients of a component
  io::Loop& loop;                          // outlives the client
  Logger& log;                             // any thread; outlives the client
  std::string owner;                       // "kafka/a", for the log
  // Called on the loop with each event, which lives until the call returns; true: the callee keeps
  // it, and destroys it. It must not end the client.
  std::function<bool(rd_kafka_event_t*)> on_event;
  Partitioner partitioner = nullptr;  // null: what the properties say
  // Where the states of its brokers are shown, and as what ("exporter"); null: nowhere.
  metrics::Registry* metrics = nullptr;  // outlives the client
  std::string_view kind = {};
};

class Client {
 public:
  // Fails for a property that librdkafka does not accept, and for unreadable certificates.
  static Result<std::unique_ptr<Client>> make(Role role, const Properties& properties,
                                              ClientParts parts);
  // Ends the library's threads: up to a few milliseconds. What was not sent is dropped; its
  // delivery is not reported any more. A consumer does not leave its group (see begin_close). With
  // librdkafka before 2.3, a consumer that was never given partitions keeps its memory and threads.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const Library& api() const { return *parts_.library; }
  rd_kafka_t* handle() const { return handle_; }
  rd_kafka_queue_t* queue() const { return queue_; }

  // Takes no events until resume(): they stay in the library's queue, which is bounded.
  void suspend() { is_suspended_ = true; }
  void resume();
  bool is_suspended() const { return is_suspended_; }
  // Takes events although none was announced. Consumers call it at an interval: librdkafka gives
  // the partitions away of a consumer that asks for no event for max.poll.interval.ms (5 minutes).
  void poll();
  // Consumers: leaves the group and commits the stored offsets, without waiting. From now on the
  // events of that arrive by serve_close() alone, which is called until it returns true.
  void begin_close();
  bool is_closing() const { return close_queue_ != nullptr; }
  bool serve_close();
  void wait_for_close(Duration most);  // for its next event
  // Takes events now, until none is left or `until` has passed (checked between events), waiting
  // for more until then. For the end of a client.
  void serve_until(MonotonicTime until, const std::function<bool()>& is_done);

 private:
  Client(Role role, ClientParts parts);
  Status create(const Properties& properties);
  void serve();
  void schedule();
  static void on_queue_filled(rd_kafka_t* handle, void* opaque);
  void handle_event(rd_kafka_event_t* event);
  void log(rd_kafka_event_t* event);
  bool may_be_destroyed() const;

  const Role role_;
  const ClientParts parts_;
  rd_kafka_t* handle_ = nullptr;
  rd_kafka_queue_t* queue_ = nullptr;
  rd_kafka_queue_t* close_queue_ = nullptr;
  std::optional<BrokerStates> broker_states_;
  bool is_suspended_ = false;
  bool is_serving_ = false;
  bool was_assigned_ = false;  // a consumer: partitions were given to it once
  // Points to null after the end: for posted tasks.
  std::shared_ptr<Client*> self_;
};

// A list of partitions that is destroyed with its owner.
struct PartitionListDeleter {
  const Library* library;
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    library->topic_partition_list_destroy(list);
  }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, PartitionListDeleter>;
inline PartitionList make_partition_list(const Library& library, int size = 1) {
  return PartitionList(library.topic_partition_list_new(size), PartitionListDeleter{&library});
}

}  // namespace millrace::kafka
