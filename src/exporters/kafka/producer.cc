#include "exporters/kafka/producer.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "exporters/kafka/answer_mapping.h"

namespace millrace::exporters::kafka {
namespace {

using millrace::kafka::Client;
using millrace::kafka::Properties;
using millrace::kafka::Role;
using pipeline::Outcome;

constexpr std::string_view kLimitName = "max.message.bytes";

int32_t next_partition(const rd_kafka_topic_t*, const void*, size_t, int32_t partition_count, void*,
                       void*) {
  // Called on threads of the library and on loops: relaxed, it orders nothing.
  static std::atomic<uint32_t> next{0};
  return static_cast<int32_t>(next.fetch_add(1, std::memory_order_relaxed) %
                              static_cast<uint32_t>(partition_count));
}

}  // namespace

// One record that librdkafka has.
struct Producer::Delivery {
  std::string topic;
  Bytes value;
  Reservation memory;
  OnDelivered on_delivered;
};

struct Producer::Outgoing {
  // Their bytes are read by the client until it ends, so they outlive it.
  std::unordered_map<const void*, std::unique_ptr<Delivery>> deliveries;
  size_t asked_count = 0;  // limits that it asks for
  std::unique_ptr<Client> client;

  bool is_unused() const { return deliveries.empty() && asked_count == 0; }
};

struct Producer::TopicLimit {
  std::string name;
  bool is_asked = false;
  std::optional<size_t> bytes;  // as the broker said, or as configured while it does not
  bool is_told = false;         // the broker said it
  bool is_asked_again = false;  // behind a delivery, which proves that a broker is there
  // The broker refused a record as too large though it said this limit.
  std::optional<size_t> doubted;
  bool is_final = false;  // asking again gave the same: a refusal is the record's
  std::vector<Limit> waiting;
};

Producer::Producer(Parts parts)
    : parts_(std::move(parts)), self_(std::make_shared<Producer*>(this)) {}

Result<std::shared_ptr<Producer>> Producer::make(Parts parts) {
  std::shared_ptr<Producer> producer(new Producer(std::move(parts)));
  if (Status opened = producer->open(producer->parts_.options->message_bytes_max); !opened) {
    return fail(opened.error());
  }
  return producer;
}

Producer::~Producer() {
  *self_ = nullptr;
  is_ending_ = true;
  for (const auto& outgoing : clients_) {
    Client& client = *outgoing->client;
    client.api().purge(client.handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    client.serve_until(parts_.loop.read_clock() + 1s, [&] { return outgoing->deliveries.empty(); });
  }
}

Status Producer::open(size_t record_bytes_max) {
  Properties properties = parts_.options->client.properties;
  const std::string bytes = std::to_string(record_bytes_max);
  properties.emplace_back("message.max.bytes", bytes);
  properties.emplace_back("batch.size", bytes);
  auto outgoing = std::make_unique<Outgoing>();
  auto client = Client::make(
      Role::kProducer, properties,
      {.library = parts_.library,
       .loop = parts_.loop,
       .log = parts_.log,
       .owner = parts_.name,
       .on_event = [this,
                    at = outgoing.get()](rd_kafka_event_t* event) { return on_event(*at, event); },
       .partitioner =
           parts_.options->partitioning == Partitioning::kRoundRobin ? next_partition : nullptr,
       .metrics = parts_.metrics,
       .kind = "exporter"});
  if (!client) return fail(client.error());
  outgoing->client = *std::move(client);
  clients_.push_back(std::move(outgoing));
  record_bytes_max_ = record_bytes_max;
  return {};
}

// --- Records -----------------------------------------------------------------------------------

void Producer::send(Record record, OnDelivered on_delivered) {
  Outgoing& outgoing = *clients_.back();
  const millrace::kafka::Library& api = outgoing.client->api();
  auto delivery = std::make_unique<Delivery>(Delivery{.topic = record.topic,
                                                      .value = std::move(record.value),
                                                      .memory = std::move(record.memory),
                                                      .on_delivered = std::move(on_delivered)});
  std::vector<rd_kafka_vu_t> values;
  values.reserve(4 + record.headers.size());
  const auto add = [&](rd_kafka_vtype_t type) -> auto& {
    values.push_back({.vtype = type, .u = {}});
    return values.back().u;
  };
  add(RD_KAFKA_VTYPE_TOPIC).cstr = record.topic.c_str();
  // Without a copy: the delivery keeps the bytes, which librdkafka only reads.
  auto& value = add(RD_KAFKA_VTYPE_VALUE).mem;
  value.ptr = const_cast<uint8_t*>(delivery->value.data());  // NOLINT
  value.size = delivery->value.size();
  if (record.key != nullptr) {
    auto& key = add(RD_KAFKA_VTYPE_KEY).mem;
    key.ptr = const_cast<char*>(record.key->data());  // NOLINT: copied
    key.size = record.key->size();
  }
  for (const MetadataEntry& entry : record.headers) {
    auto& header = add(RD_KAFKA_VTYPE_HEADER).header;
    header.name = entry.name.c_str();
    header.val = entry.value.data();
    header.size = static_cast<ssize_t>(entry.value.size());
  }
  add(RD_KAFKA_VTYPE_OPAQUE).ptr = delivery.get();
  rd_kafka_error_t* const error =
      api.produceva(outgoing.client->handle(), values.data(), values.size());
  if (error == nullptr) {
    const void* const id = delivery.get();
    outgoing.deliveries.emplace(id, std::move(delivery));
    return;
  }
  const rd_kafka_resp_err_t code = api.error_code(error);
  Outcome outcome = outcome_of(code, api.error_string(error));
  api.error_destroy(error);
  delivery->on_delivered(std::move(outcome));
}

bool Producer::on_event(Outgoing& outgoing, rd_kafka_event_t* event) {
  // Other events could make a client, and no caller waits for what they say.
  if (is_ending_ && outgoing.client->api().event_type(event) != RD_KAFKA_EVENT_DR) return false;
  switch (outgoing.client->api().event_type(event)) {
    case RD_KAFKA_EVENT_DR:
      on_reports(outgoing, event);
      break;
    case RD_KAFKA_EVENT_ERROR:
      on_error(outgoing, event);
      break;
    case RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT:
      on_limit(outgoing, event);
      break;
    default:
      break;
  }
  return false;
}

void Producer::on_reports(Outgoing& outgoing, rd_kafka_event_t* event) {
  const millrace::kafka::Library& api = outgoing.client->api();
  while (const rd_kafka_message_t* const message = api.event_message_next(event)) {
    auto node = outgoing.deliveries.extract(message->_private);
    MILLRACE_CHECK(!node.empty());
    const std::unique_ptr<Delivery> delivery = std::move(node.mapped());
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      last_error_.clear();
      ask_again_about(delivery->topic);
      delivery->on_delivered({});
      continue;
    }
    Outcome outcome = outcome_of(message->err, api.err2str(message->err));
    outcome.error.message = "topic " + delivery->topic + ": " + outcome.error.message;
    last_error_ = outcome.error.message;
    if (outcome.kind == Outcome::Kind::kTooLarge) {
      const auto topic = topics_.find(delivery->topic);
      if (topic != topics_.end() && !topic->second->is_final) {
        // The limit was lowered, or the batch that librdkafka made was too large: the attempt is
        // repeated when the limit is known again.
        note_too_large(delivery->topic);
        outcome.kind = Outcome::Kind::kRetry;
        outcome.retry_after = Duration(0);
      }
    }
    delivery->on_delivered(std::move(outcome));
  }
  end_if_unused(outgoing);
}

void Producer::on_error(Outgoing& outgoing, rd_kafka_event_t* event) {
  const millrace::kafka::Library& api = outgoing.client->api();
  const std::string text = api.event_error_string(event);
  last_error_ = text;
  const bool is_fatal = api.event_error_is_fatal(event) != 0;
  parts_.log.warn(is_fatal ? "kafka producer failed, it is made anew" : "kafka producer",
                  {{"exporter", parts_.name}, {"error", text}});
  if (!is_fatal || &outgoing != clients_.back().get()) return;
  if (Status opened = open(record_bytes_max_); !opened) {
    parts_.log.error("kafka producer",
                     {{"exporter", parts_.name}, {"error", opened.error().message}});
    return;
  }
  end_if_unused(outgoing);
}

void Producer::end_if_unused(const Outgoing& outgoing) {
  if (&outgoing != clients_.back().get() && outgoing.is_unused()) end_unused_later();
}

// A client is not ended inside one of its events.
void Producer::end_unused_later() {
  parts_.loop.post([self = self_] {
    if (*self == nullptr) return;
    auto& clients = (*self)->clients_;
    const Outgoing* const sending = clients.back().get();
    std::erase_if(clients, [&](const std::unique_ptr<Outgoing>& each) {
      return each.get() != sending && each->is_unused();
    });
  });
}

// --- Limits ------------------------------------------------------------------------------------

std::optional<size_t> Producer::limit_of(const std::string& topic, Limit&& then) {
  std::unique_ptr<TopicLimit>& limit = topics_[topic];
  if (limit == nullptr) limit = std::make_unique<TopicLimit>(TopicLimit{.name = topic});
  if (limit->bytes) return std::min(*limit->bytes, record_bytes_max_);
  limit->waiting.push_back(std::move(then));
  if (!std::exchange(limit->is_asked, true)) ask(*limit);
  return std::nullopt;
}

void Producer::ask(TopicLimit& topic) {
  Outgoing& outgoing = *clients_.back();
  ++outgoing.asked_count;
  const Client& client = *outgoing.client;
  const millrace::kafka::Library& api = client.api();
  rd_kafka_AdminOptions_t* const options =
      api.AdminOptions_new(client.handle(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(parts_.ask_timeout);
  api.AdminOptions_set_request_timeout(options, static_cast<int>(timeout.count()), nullptr, 0);
  api.AdminOptions_set_opaque(options, &topic);
  rd_kafka_ConfigResource_t* resource =
      api.ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str());
  api.DescribeConfigs(client.handle(), &resource, 1, options, client.queue());
  api.ConfigResource_destroy(resource);
  api.AdminOptions_destroy(options);
}

// Nothing: the broker did not answer, or may not tell, or does not know the topic yet.
std::optional<size_t> Producer::read_limit(rd_kafka_event_t* event) const {
  const millrace::kafka::Library& api = *parts_.library;
  if (api.event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  size_t count = 0;
  const rd_kafka_ConfigResource_t** const resources =
      api.DescribeConfigs_result_resources(api.event_DescribeConfigs_result(event), &count);
  if (count != 1 || api.ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::nullopt;
  }
  size_t entry_count = 0;
  const rd_kafka_ConfigEntry_t** const entries =
      api.ConfigResource_configs(resources[0], &entry_count);
  for (size_t i = 0; i < entry_count; ++i) {
    if (api.ConfigEntry_name(entries[i]) != kLimitName) continue;
    const char* const value = api.ConfigEntry_value(entries[i]);
    const std::string_view text = value == nullptr ? "" : value;
    size_t bytes = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (failure == std::errc() && bytes > 0) return bytes;
  }
  return std::nullopt;
}

void Producer::on_limit(Outgoing& outgoing, rd_kafka_event_t* event) {
  --outgoing.asked_count;
  auto& topic = *static_cast<TopicLimit*>(parts_.library->event_opaque(event));
  topic.is_asked = false;
  const std::optional<size_t> answer = read_limit(event);
  topic.is_told = answer.has_value();
  const size_t before = topic.doubted.value_or(0);
  topic.bytes = answer.value_or(topic.doubted.value_or(parts_.options->message_bytes_max));
  topic.is_final = topic.doubted && before == *topic.bytes;
  topic.doubted.reset();
  lower_limit(*topic.bytes);
  for (Limit& then : std::exchange(topic.waiting, {})) {
    then(std::min(*topic.bytes, record_bytes_max_));
  }
  end_if_unused(outgoing);
}

// Where no broker told the limit before the first record, one may now.
void Producer::ask_again_about(const std::string& name) {
  const auto found = topics_.find(name);
  if (found == topics_.end()) return;
  TopicLimit& topic = *found->second;
  if (is_ending_ || topic.is_told || topic.is_asked || std::exchange(topic.is_asked_again, true))
    return;
  topic.is_asked = true;
  ask(topic);
}

void Producer::note_too_large(const std::string& topic) {
  TopicLimit& limit = *topics_.find(topic)->second;
  if (!limit.bytes) return;  // another record was refused before
  limit.doubted = std::exchange(limit.bytes, std::nullopt);
}

// librdkafka's own limit of a batch follows the smallest topic.
void Producer::lower_limit(size_t bytes) {
  constexpr size_t kLeast = 1000;  // librdkafka takes no smaller one
  bytes = std::max(bytes, kLeast);
  if (bytes >= record_bytes_max_) return;
  parts_.log.info("kafka records are made smaller",
                  {{"exporter", parts_.name}, {"max.message.bytes", bytes}});
  if (Status opened = open(bytes); !opened) {
    parts_.log.error("kafka producer",
                     {{"exporter", parts_.name}, {"error", opened.error().message}});
    return;
  }
  end_unused_later();
}

std::string Producer::describe() const {
  const std::string& brokers = parts_.options->client.brokers;
  return last_error_.empty() ? "producing to " + brokers : brokers + ": " + last_error_;
}

}  // namespace millrace::exporters::kafka
