// One signal of a receiver: a member of the consumer group that takes messages, hands their
// requests to the pipelines, and stores the offsets of those that are processed; librdkafka commits
// what is stored, at an interval and before a partition is given away.
//
// Flow: while as many messages as allowed are under way, or a pipeline refuses for now, or the
// budget has no room, no message is taken. What librdkafka has read ahead waits in its bounded
// queue. When that lasts for longer than stall_max, partitions are paused and events are taken
// again, so that the member stays in its group. Nothing is dropped, and nothing is skipped.
//
// One loop. Ends before its parts.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/metadata.h"
#include "kafka/client.h"
#include "receivers/kafka/assigned_partitions.h"
#include "receivers/kafka/message_decoder.h"
#include "receivers/kafka/options.h"
#include "receivers/kafka/unreadable_batches.h"
#include "reception/receiver.h"
#include "reception/request_counters.h"

namespace millrace::receivers::kafka {

class Consumer {
 public:
  // `parts`, `counters` and `options` outlive it.
  static Result<std::unique_ptr<Consumer>> make(
      Signal signal, const Options& options,
      std::shared_ptr<const millrace::kafka::Library> library,
      const reception::ReceiverParts& parts, reception::RequestCounters& counters);
  // Leaves the group, at most kCloseMax.
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  // Takes no more messages. Leaves the group when nothing is under way any more.
  void stop();

 private:
  // A message that was taken, until it is processed.
  struct Taken {
    AssignedPartitions::Place place;
    Bytes request;
    uint32_t item_count = 0;
    MetadataRef metadata;
  };

  Consumer(Signal signal, const Options& options, const reception::ReceiverParts& parts,
           reception::RequestCounters& counters);
  Status open(std::shared_ptr<const millrace::kafka::Library> library);
  const millrace::kafka::Library& api() const { return client_->api(); }

  // Events.
  bool on_event(rd_kafka_event_t* event);
  bool on_message(rd_kafka_event_t* event);
  void on_rebalance(rd_kafka_event_t* event);
  void on_commit(rd_kafka_event_t* event);
  void on_error(rd_kafka_event_t* event);

  // Messages.
  bool take(const rd_kafka_message_t& message);
  void decode(Taken taken);
  void hand_in(Taken taken);
  void on_verdict(Taken taken, const pipeline::Verdict& verdict);
  void on_poison(const Taken& taken, std::string_view reason, const Error& error);
  void finish(const Taken& taken);
  void finish_without_commit(const Taken& taken);
  void end_when_idle();

  // Flow.
  bool must_wait() const;
  void update_flow();
  void on_retry_timer();
  void on_stall_timer();
  millrace::kafka::PartitionList list_all() const;
  void pause_all();
  void resume_all();

  // Partitions.
  void assign(const rd_kafka_topic_partition_list_t& list);
  void revoke(const rd_kafka_topic_partition_list_t& list);
  void give_away();
  bool is_revoked_idle() const;
  void drop_waiting();
  void update_gauges();
  void begin_close();

  const Signal signal_;
  const Options& options_;
  const reception::ReceiverParts& parts_;
  reception::RequestCounters& counters_;
  metrics::Counter& messages_;
  metrics::Counter& unreadable_;
  metrics::Counter& commit_failures_;
  metrics::Counter& assigned_;
  metrics::Counter& given_away_;
  Reservation read_ahead_;  // what librdkafka reads ahead
  MessageDecoder decoder_;
  AssignedPartitions partitions_;
  UnreadableBatches unreadable_batches_;
  std::deque<Taken> refused_;  // for now, in the order of their refusal
  Duration retry_wait_;
  rd_kafka_event_t* waiting_event_ = nullptr;  // holds a message without memory for its copy
  const rd_kafka_message_t* waiting_message_ = nullptr;
  bool is_paused_ = false;
  bool is_stopped_ = false;
  bool is_ending_ = false;
  // A revocation that waits for messages under way; null: none.
  rd_kafka_topic_partition_list_t* revoked_ = nullptr;
  std::unique_ptr<io::Timer> retry_timer_;
  std::unique_ptr<io::Timer> stall_timer_;
  std::unique_ptr<io::Timer> revoke_timer_;
  std::unique_ptr<io::Timer> gauge_timer_;
  std::unique_ptr<io::Timer> close_timer_;
  std::shared_ptr<Consumer*> self_;  // points to null after the end: for tasks and verdicts
  std::unique_ptr<millrace::kafka::Client> client_;
};

}  // namespace millrace::receivers::kafka
