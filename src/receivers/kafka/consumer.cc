#include "receivers/kafka/consumer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "receivers/kafka/message_metadata.h"

namespace millrace::receivers::kafka {
namespace {

using millrace::kafka::Client;
using millrace::kafka::Properties;
using millrace::kafka::Role;

// What librdkafka may hold of messages that it has read ahead, at the most, and of a budget.
constexpr size_t kReadAheadMax = size_t{16} << 20;
constexpr size_t kReadAheadShare = 16;
constexpr Duration kGaugeInterval = 1s;
constexpr Duration kMemoryWait = 20ms;
constexpr Duration kCloseMax = 3s;
constexpr Duration kCloseInterval = 10ms;

metrics::Counter& counter(const reception::ReceiverParts& parts, std::string_view name,
                          std::string_view help) {
  return parts.metrics->counter(name, help, {{"name", parts.name}});
}

std::string unreadable_name(Signal signal) {
  constexpr std::array<std::string_view, kSignalCount> kItems = {"spans", "metric_points",
                                                                 "log_records", "profiles"};
  return "otelcol_kafka_receiver_unmarshal_failed_" + std::string(kItems[index_of(signal)]);
}

}  // namespace

Consumer::Consumer(Signal signal, const Options& options, const reception::ReceiverParts& parts,
                   reception::RequestCounters& counters)
    : signal_(signal),
      options_(options),
      parts_(parts),
      counters_(counters),
      messages_(
          counter(parts, "otelcol_kafka_receiver_records", "The number of received records.")),
      unreadable_(counter(parts, unreadable_name(signal),
                          "Number of messages that could not be unmarshaled")),
      commit_failures_(counter(parts, "millrace_kafka_receiver_failed_commits",
                               "Commits of offsets that the broker refused.")),
      assigned_(
          counter(parts, "otelcol_kafka_receiver_partition_start", "Number of started partitions")),
      given_away_(counter(parts, "otelcol_kafka_receiver_partition_close",
                          "Number of finished partitions")),
      partitions_(*parts.metrics, parts.name),
      unreadable_batches_(parts.name, *parts.log, *parts.metrics),
      retry_wait_(options.retry_first),
      retry_timer_(parts.loop->make_timer([this] { on_retry_timer(); })),
      stall_timer_(parts.loop->make_timer([this] { on_stall_timer(); })),
      revoke_timer_(parts.loop->make_timer([this] { give_away(); })),
      gauge_timer_(parts.loop->make_timer([this] {
        gauge_timer_->arm_at(parts_.loop->now() + kGaugeInterval);
        update_gauges();
        client_->poll();
      })),
      close_timer_(parts.loop->make_timer([this] {
        if (!client_->serve_close()) close_timer_->arm_at(parts_.loop->now() + kCloseInterval);
      })),
      self_(std::make_shared<Consumer*>(this)) {}

Result<std::unique_ptr<Consumer>> Consumer::make(
    Signal signal, const Options& options, std::shared_ptr<const millrace::kafka::Library> library,
    const reception::ReceiverParts& parts, reception::RequestCounters& counters) {
  std::unique_ptr<Consumer> consumer(new Consumer(signal, options, parts, counters));
  if (Status opened = consumer->open(std::move(library)); !opened) return fail(opened.error());
  return consumer;
}

Status Consumer::open(std::shared_ptr<const millrace::kafka::Library> library) {
  const SignalOptions& signal = options_.signals[index_of(signal_)];
  Budget& budget = parts_.pool->budget();
  const size_t read_ahead = std::min(kReadAheadMax, budget.limit() / kReadAheadShare);
  read_ahead_ = Reservation::make_beyond(budget, MemoryTerm::kSendAhead, read_ahead);
  Properties properties = options_.client.properties;
  properties.emplace_back("queued.max.messages.kbytes",
                          std::to_string(std::max<size_t>(1, read_ahead >> 10)));
  std::string excluded;
  for (const std::string& topic : signal.exclude_topics) {
    excluded += (excluded.empty() ? "" : ",") + topic;
  }
  if (!excluded.empty()) properties.emplace_back("topic.blacklist", excluded);
  auto client = Client::make(Role::kConsumer, properties,
                             {.library = std::move(library),
                              .loop = *parts_.loop,
                              .log = *parts_.log,
                              .owner = parts_.name,
                              .on_event = [this](auto* event) { return on_event(event); },
                              .metrics = parts_.metrics,
                              .kind = "receiver"});
  if (!client) return fail(client.error());
  client_ = *std::move(client);
  const auto topics = millrace::kafka::make_partition_list(api());
  for (const std::string& topic : signal.topics) {
    api().topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const rd_kafka_resp_err_t error = api().subscribe(client_->handle(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return fail(Code::kInvalidArgument, "topics: " + std::string(api().err2str(error)));
  }
  gauge_timer_->arm_at(parts_.loop->now() + kGaugeInterval);
  return {};
}

Consumer::~Consumer() {
  *self_ = nullptr;
  is_stopped_ = true;
  if (client_ == nullptr) return;
  if (waiting_event_ != nullptr) api().event_destroy(waiting_event_);
  // Timers do not run any more: what is under way is not waited for.
  is_ending_ = true;
  if (revoked_ != nullptr) give_away();
  client_->begin_close();
  const MonotonicTime until = parts_.loop->read_clock() + kCloseMax;
  while (!client_->serve_close() && parts_.loop->read_clock() < until) {
    client_->wait_for_close(kCloseInterval);
  }
}

void Consumer::stop() {
  if (std::exchange(is_stopped_, true)) return;
  retry_timer_->disarm();
  if (waiting_event_ != nullptr) api().event_destroy(std::exchange(waiting_event_, nullptr));
  for (const Taken& taken : std::exchange(refused_, {})) finish_without_commit(taken);
  update_flow();
  end_when_idle();
}

void Consumer::begin_close() {
  if (client_->is_closing()) return;
  client_->begin_close();
  close_timer_->arm_at(parts_.loop->now() + kCloseInterval);
}

// --- Events ------------------------------------------------------------------------------------

bool Consumer::on_event(rd_kafka_event_t* event) {
  switch (api().event_type(event)) {
    case RD_KAFKA_EVENT_FETCH:
      return on_message(event);
    case RD_KAFKA_EVENT_REBALANCE:
      on_rebalance(event);
      break;
    case RD_KAFKA_EVENT_OFFSET_COMMIT:
      on_commit(event);
      break;
    case RD_KAFKA_EVENT_ERROR:
      on_error(event);
      break;
    default:
      break;
  }
  return false;
}

// True: the event waits for memory.
bool Consumer::on_message(rd_kafka_event_t* event) {
  if (is_stopped_) return false;  // not stored: the next owner of the partition reads it
  const rd_kafka_message_t* const message = api().event_message_next(event);
  if (message == nullptr) return false;
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    parts_.log->warn("kafka consumer",
                     {{"receiver", parts_.name}, {"error", api().err2str(message->err)}});
    return false;
  }
  if (take(*message)) return false;
  waiting_event_ = event;
  waiting_message_ = message;
  retry_timer_->arm_at(parts_.loop->now() + kMemoryWait);
  update_flow();
  return true;
}

void Consumer::on_commit(rd_kafka_event_t* event) {
  const rd_kafka_resp_err_t error = api().event_error(event);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  commit_failures_.add(1);
  parts_.log->warn("kafka offsets could not be committed; messages may come again",
                   {{"receiver", parts_.name}, {"error", api().err2str(error)}});
}

void Consumer::on_error(rd_kafka_event_t* event) {
  if (unreadable_batches_.note(api(), event, parts_.loop->now())) return;
  parts_.log->warn("kafka consumer",
                   {{"receiver", parts_.name}, {"error", api().event_error_string(event)}});
}

// --- Messages ----------------------------------------------------------------------------------

// False: there is no memory for it now.
bool Consumer::take(const rd_kafka_message_t& message) {
  std::optional<AssignedPartitions::Place> place =
      partitions_.place_of(api().topic_name(message.rkt), message.partition, message.offset);
  if (!place) return true;  // given away: its next owner reads it; or read again after a pause
  Result<MetadataRef> metadata = read_metadata(api(), message, parts_.pool->budget());
  Result<Bytes> copy =
      !metadata ? Result<Bytes>(fail(metadata.error()))
                : MessageDecoder::copy({static_cast<const uint8_t*>(message.payload), message.len},
                                       *parts_.pool);
  if (!copy && copy.error().code == Code::kUnavailable) return false;
  Taken taken{.place = *std::move(place),
              .request = {},
              .item_count = 0,
              .metadata = metadata ? *std::move(metadata) : place_metadata(api(), message)};
  partitions_.begin(taken.place);
  messages_.add(1);
  if (!copy) {
    on_poison(taken, "too_large", copy.error());
  } else if (copy->empty()) {
    finish(taken);  // a valid request without data, or a deleted key
  } else {
    taken.request = *std::move(copy);
    const size_t size = taken.request.size();
    parts_.long_work->run(size, [self = self_, taken = std::move(taken)]() mutable {
      if (*self != nullptr) (*self)->decode(std::move(taken));
    });
  }
  update_flow();
  return true;
}

// May be suspended, so others run meanwhile; this object may end.
void Consumer::decode(Taken taken) {
  const std::shared_ptr<Consumer*> self = self_;
  Work work = parts_.long_work->work();
  Result<MessageDecoder::Decoded> decoded =
      decoder_.decode(signal_, options_.signals[index_of(signal_)].encoding, taken.request,
                      parts_.wall_clock(), work);
  if (*self == nullptr) return;
  if (!decoded && decoded.error().code == Code::kUnavailable) {
    if (is_stopped_) return finish_without_commit(taken);
    // The message stays as it came, and is decoded again.
    refused_.push_back(std::move(taken));
    retry_timer_->arm_at(parts_.loop->now() + kMemoryWait);
    return update_flow();
  }
  if (!decoded) {
    const bool is_too_large = decoded.error().code == Code::kResourceExhausted;
    return on_poison(taken, is_too_large ? "too_large" : "bad_data", decoded.error());
  }
  taken.request = std::move(decoded->request);
  taken.item_count = decoded->item_count;
  if (taken.item_count == 0) return finish(taken);
  hand_in(std::move(taken));
}

void Consumer::hand_in(Taken taken) {
  pipeline::Payload payload{.signal = signal_,
                            .item_count = taken.item_count,
                            .bytes = Rope(taken.request),
                            .metadata = taken.metadata,
                            .completion = nullptr,
                            .admitted_at = parts_.loop->now()};
  std::string peer = taken.place.to_text();
  counters_.submit_fetched(
      std::move(payload), options_.policy, kNever, 0, std::move(peer),
      [self = self_, taken = std::move(taken)](const pipeline::Verdict& verdict) mutable {
        if (*self != nullptr) (*self)->on_verdict(std::move(taken), verdict);
      });
}

void Consumer::on_verdict(Taken taken, const pipeline::Verdict& verdict) {
  if (verdict.ok()) {
    retry_wait_ = options_.retry_first;
    return finish(taken);
  }
  const bool is_final = !verdict.retry_after.has_value();
  if (is_final) {
    return on_poison(taken, verdict.too_large || verdict.exceeds_queue ? "too_large" : "refused",
                     {verdict.code, verdict.message});
  }
  if (is_stopped_) return finish_without_commit(taken);
  if (options_.skips_refused) return finish(taken);
  if (!partitions_.is_ours(taken.place)) return;
  refused_.push_back(std::move(taken));
  retry_timer_->arm_at(parts_.loop->now() + retry_wait_);
  update_flow();
}

// Kept, counted, logged, and passed over.
void Consumer::on_poison(const Taken& taken, std::string_view reason, const Error& error) {
  if (!partitions_.is_ours(taken.place)) return;
  const bool is_unreadable = taken.item_count == 0;
  if (is_unreadable) {
    unreadable_.add(1);
    counters_.refuse(0, signal_, reason,
                     taken.place.to_text() + " at offset " + std::to_string(taken.place.offset) +
                         ": " + error.message);
  }
  if (parts_.dead_letters != nullptr) {
    const Rope bytes(taken.request);
    parts_.dead_letters->keep({.reason = reason == "too_large" ? ledger::DropReason::kTooLarge
                                                               : ledger::DropReason::kBadData,
                               .signal = signal_,
                               .destination = parts_.name,
                               .pipelines = {},
                               .item_count = std::max<uint64_t>(1, taken.item_count),
                               .answer = error,
                               .bytes = bytes,
                               .metadata = taken.metadata.get()});
  }
  finish(taken);
}

void Consumer::finish_without_commit(const Taken& taken) {
  partitions_.abandon(taken.place);
  end_when_idle();
}

void Consumer::finish(const Taken& taken) {
  if (!partitions_.is_ours(taken.place)) return;
  if (const std::optional<int64_t> offset = partitions_.finish(taken.place)) {
    const auto list = millrace::kafka::make_partition_list(api());
    const auto& [topic, number] = taken.place.partition;
    api().topic_partition_list_add(list.get(), topic.c_str(), number)->offset = *offset;
    api().offsets_store(client_->handle(), list.get());
  }
  end_when_idle();
  update_flow();
}

// Ends a revocation or a stop that waits for messages under way.
void Consumer::end_when_idle() {
  if (revoked_ != nullptr && is_revoked_idle()) give_away();
  if (is_stopped_ && partitions_.under_way_count() == 0) begin_close();
}

// --- Flow --------------------------------------------------------------------------------------

bool Consumer::must_wait() const {
  return waiting_event_ != nullptr || !refused_.empty() ||
         partitions_.remembered_count() >= options_.remembered_max ||
         partitions_.under_way_count() >= static_cast<size_t>(options_.in_flight_max);
}

void Consumer::update_flow() {
  if (is_stopped_) {
    stall_timer_->disarm();
    if (!is_paused_) pause_all();
    return client_->resume();
  }
  if (must_wait()) {
    if (is_paused_ || client_->is_suspended()) return;
    client_->suspend();
    stall_timer_->arm_at(parts_.loop->now() + options_.stall_max);
    return;
  }
  stall_timer_->disarm();
  if (is_paused_) resume_all();
  client_->resume();
}

// Tries again what had no memory, then what was refused.
void Consumer::on_retry_timer() {
  if (is_stopped_) return;
  if (waiting_event_ != nullptr) {
    if (!take(*waiting_message_)) return retry_timer_->arm_at(parts_.loop->now() + kMemoryWait);
    api().event_destroy(std::exchange(waiting_event_, nullptr));
  }
  retry_wait_ = std::min(2 * retry_wait_, options_.retry_longest);
  for (Taken& taken : std::exchange(refused_, {})) {
    if (!partitions_.is_ours(taken.place)) continue;
    if (taken.item_count == 0) {
      decode(std::move(taken));
    } else {
      hand_in(std::move(taken));
    }
  }
  update_flow();
}

void Consumer::on_stall_timer() {
  if (!must_wait() || is_paused_) return;
  pause_all();
  client_->resume();
}

}  // namespace millrace::receivers::kafka
