#include "kafka/client.h"

#include <array>
#include <chrono>
#include <string_view>

namespace millrace::kafka {
namespace {

constexpr int kEventsATurn = 256;
constexpr size_t kErrorBytes = 512;

// The levels of syslog, which librdkafka uses.
LogLevel level_of(int level) {
  constexpr int kErrorLevel = 3;
  constexpr int kWarnLevel = 4;
  constexpr int kInfoLevel = 6;
  if (level <= kErrorLevel) return LogLevel::kError;
  if (level <= kWarnLevel) return LogLevel::kWarn;
  return level <= kInfoLevel ? LogLevel::kInfo : LogLevel::kDebug;
}

}  // namespace

Client::Client(Role role, ClientParts parts)
    : role_(role), parts_(std::move(parts)), self_(std::make_shared<Client*>(this)) {
  if (parts_.metrics != nullptr) broker_states_.emplace(*parts_.metrics, parts_.kind, parts_.owner);
}

Result<std::unique_ptr<Client>> Client::make(Role role, const Properties& properties,
                                             ClientParts parts) {
  std::unique_ptr<Client> client(new Client(role, std::move(parts)));
  if (Status created = client->create(properties); !created) return fail(created.error());
  return client;
}

Status Client::create(const Properties& properties) {
  const Library& library = api();
  rd_kafka_conf_t* conf = library.conf_new();
  std::array<char, kErrorBytes> error{};
  const auto give_up = [&](std::string_view what) {
    library.conf_destroy(conf);
    return fail(Code::kInvalidArgument, std::string(what) + ": " + error.data());
  };
  for (const auto& [name, value] : properties) {
    if (library.conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size()) !=
        RD_KAFKA_CONF_OK) {
      return give_up(name);
    }
  }
  if (parts_.partitioner != nullptr) {
    rd_kafka_topic_conf_t* const topic = library.topic_conf_new();
    // Properties of topics that were set above are in the default that this replaces: they are set
    // again. Names that are not a topic's are refused, which is ignored.
    for (const auto& [name, value] : properties) {
      library.topic_conf_set(topic, name.c_str(), value.c_str(), nullptr, 0);
    }
    library.topic_conf_set_partitioner_cb(topic, parts_.partitioner);
    library.conf_set_default_topic_conf(conf, topic);
  }
  library.conf_set(conf, "log.queue", "true", nullptr, 0);
  if (broker_states_) {
    library.conf_set(conf, "statistics.interval.ms", kStatisticsInterval, nullptr, 0);
  }
  library.conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG |
                                    RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_OFFSET_COMMIT |
                                    RD_KAFKA_EVENT_STATS);
  handle_ = library.new_client(role_ == Role::kProducer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER,
                               conf, error.data(), error.size());
  if (handle_ == nullptr) return give_up("the client cannot be made");
  if (role_ == Role::kConsumer) {
    library.poll_set_consumer(handle_);
    queue_ = library.queue_get_consumer(handle_);
  } else {
    queue_ = library.queue_get_main(handle_);
  }
  library.set_log_queue(handle_, queue_);
  library.queue_cb_event_enable(queue_, &Client::on_queue_filled, this);
  schedule();  // for what is in the queue already
  return {};
}

Client::~Client() {
  *self_ = nullptr;
  if (handle_ == nullptr) return;
  const Library& library = api();
  library.queue_cb_event_enable(queue_, nullptr, nullptr);
  library.queue_destroy(queue_);
  if (close_queue_ != nullptr) library.queue_destroy(close_queue_);
  if (role_ == Role::kProducer) {
    library.purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  }
  if (may_be_destroyed()) {
    library.destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
}

// An assertion of librdkafka before 2.3 (its issue 4312) ends the process when a consumer with the
// strategy cooperative-sticky is destroyed between joining its group and its first assignment.
bool Client::may_be_destroyed() const {
  constexpr int kIsMended = 0x020300ff;
  return role_ == Role::kProducer || was_assigned_ || api().version() >= kIsMended;
}

void Client::schedule() {
  parts_.loop.post([self = self_] {
    if (*self != nullptr) (*self)->serve();
  });
}

void Client::resume() {
  if (!std::exchange(is_suspended_, false)) return;
  schedule();
}

void Client::poll() {
  if (!is_suspended_) serve();
}

void Client::serve() {
  if (is_serving_) return;
  is_serving_ = true;
  for (int taken = 0; taken < kEventsATurn && !is_suspended_; ++taken) {
    rd_kafka_event_t* const event = api().queue_poll(queue_, 0);
    if (event == nullptr) {
      is_serving_ = false;
      return;
    }
    handle_event(event);
  }
  is_serving_ = false;
  if (!is_suspended_) schedule();
}

void Client::begin_close() {
  if (close_queue_ != nullptr) return;
  close_queue_ = api().queue_new(handle_);
  rd_kafka_error_t* const error = api().consumer_close_queue(handle_, close_queue_);
  if (error != nullptr) api().error_destroy(error);  // it is closed, or failed for good
}

bool Client::serve_close() {
  while (rd_kafka_event_t* const event = api().queue_poll(close_queue_, 0)) handle_event(event);
  return api().consumer_closed(handle_) != 0;
}

void Client::wait_for_close(Duration most) {
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(most);
  rd_kafka_event_t* const event = api().queue_poll(close_queue_, static_cast<int>(wait.count()));
  if (event != nullptr) handle_event(event);
}

void Client::serve_until(MonotonicTime until, const std::function<bool()>& is_done) {
  constexpr int kWaitMs = 10;
  while (!is_done() && parts_.loop.read_clock() < until) {
    rd_kafka_event_t* const event = api().queue_poll(queue_, kWaitMs);
    if (event != nullptr) handle_event(event);
  }
}

// On a thread of the library.
void Client::on_queue_filled(rd_kafka_t*, void* opaque) {
  static_cast<Client*>(opaque)->schedule();
}

// Takes the event.
void Client::handle_event(rd_kafka_event_t* event) {
  switch (api().event_type(event)) {
    case RD_KAFKA_EVENT_LOG:
      log(event);
      break;
    case RD_KAFKA_EVENT_STATS:
      if (broker_states_) broker_states_->note(api().event_stats(event));
      break;
    case RD_KAFKA_EVENT_REBALANCE:
      was_assigned_ |= api().event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
      [[fallthrough]];
    default:
      if (parts_.on_event(event)) return;
  }
  api().event_destroy(event);
}

void Client::log(rd_kafka_event_t* event) {
  const char* facility = nullptr;
  const char* text = nullptr;
  int level = 0;
  if (api().event_log(event, &facility, &text, &level) != 0) return;
  parts_.log.log(level_of(level), "librdkafka",
                 {{"component", parts_.owner}, {"reason", facility}, {"message", text}});
}

}  // namespace millrace::kafka
