// librdkafka's mock cluster, and a plain producer and consumer of it.
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace millrace::kafka::testing {

inline rd_kafka_t* make_plain_client(rd_kafka_type_t type,
                                     const std::map<std::string, std::string>& properties) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  for (const auto& [name, value] : properties) {
    MILLRACE_CHECK(rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(),
                                     error.size()) == RD_KAFKA_CONF_OK);
  }
  rd_kafka_t* const client = rd_kafka_new(type, conf, error.data(), error.size());
  MILLRACE_CHECK(client != nullptr);
  return client;
}

struct MockMessage {
  std::optional<std::string> key;
  std::string value;
  int32_t partition = 0;
  int64_t offset = 0;
  std::map<std::string, std::string> headers;
};

class MockCluster {
 public:
  explicit MockCluster(int broker_count = 1)
      : owner_(make_plain_client(RD_KAFKA_PRODUCER, {{"log_level", "3"}})),
        cluster_(rd_kafka_mock_cluster_new(owner_, broker_count)) {}
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(owner_);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  rd_kafka_mock_cluster_t* handle() { return cluster_; }
  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void make_topic(const char* name, int partitions, int replicas = 1) {
    rd_kafka_mock_topic_create(cluster_, name, partitions, replicas);
  }
  // Brokers count from 1. One that is down refuses connections.
  void set_down(int32_t broker) { rd_kafka_mock_broker_set_down(cluster_, broker); }
  void set_up(int32_t broker) { rd_kafka_mock_broker_set_up(cluster_, broker); }
  void set_leader(const char* topic, int32_t partition, int32_t broker) {
    rd_kafka_mock_partition_set_leader(cluster_, topic, partition, broker);
  }
  // The broker answers after so many milliseconds.
  void set_answer_time(int32_t broker, int milliseconds) {
    rd_kafka_mock_broker_set_rtt(cluster_, broker, milliseconds);
  }
  // The next answer of the broker to a request of that kind takes so many milliseconds.
  void delay_answer(int32_t broker, int16_t api_key, int milliseconds) {
    rd_kafka_mock_broker_push_request_error_rtts(cluster_, broker, api_key, 1,
                                                 RD_KAFKA_RESP_ERR_NO_ERROR, milliseconds);
  }
  // Questions about the topic are answered with the error; RD_KAFKA_RESP_ERR_NO_ERROR ends that.
  void fail_topic(const char* topic, rd_kafka_resp_err_t error) {
    rd_kafka_mock_topic_set_error(cluster_, topic, error);
  }
  // The next answers to requests of that kind are this error.
  void fail_requests(int16_t api_key, rd_kafka_resp_err_t error, size_t count) {
    const std::vector<rd_kafka_resp_err_t> errors(count, error);
    rd_kafka_mock_push_request_errors_array(cluster_, api_key, count, errors.data());
  }

  // Writes one message and waits until it is there.
  void write(const char* topic, std::string_view value, int32_t partition = 0,
             const std::map<std::string, std::string>& headers = {}) {
    if (producer_ == nullptr) {
      producer_.reset(make_plain_client(RD_KAFKA_PRODUCER,
                                        {{"bootstrap.servers", brokers()}, {"linger.ms", "0"}}));
    }
    std::vector<rd_kafka_vu_t> values;
    const auto add = [&](rd_kafka_vtype_t type) -> auto& {
      values.push_back({.vtype = type, .u = {}});
      return values.back().u;
    };
    add(RD_KAFKA_VTYPE_TOPIC).cstr = topic;
    add(RD_KAFKA_VTYPE_PARTITION).i32 = partition;
    add(RD_KAFKA_VTYPE_MSGFLAGS).i = RD_KAFKA_MSG_F_COPY;
    auto& bytes = add(RD_KAFKA_VTYPE_VALUE).mem;
    bytes.ptr = const_cast<char*>(value.data());  // NOLINT: copied
    bytes.size = value.size();
    for (const auto& [name, text] : headers) {
      auto& header = add(RD_KAFKA_VTYPE_HEADER).header;
      header.name = name.c_str();
      header.val = text.data();
      header.size = static_cast<ssize_t>(text.size());
    }
    MILLRACE_CHECK(rd_kafka_produceva(producer_.get(), values.data(), values.size()) == nullptr);
    rd_kafka_flush(producer_.get(), 10'000);
  }

  // Reads `count` messages of a topic from its beginning, of all partitions; fewer after a while.
  std::vector<MockMessage> read(const char* topic, size_t count, int partitions) {
    std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> consumer(
        make_plain_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers()},
                                              {"group.id", "reader"},
                                              {"enable.auto.commit", "false"}}),
        rd_kafka_destroy);
    rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(partitions);
    for (int i = 0; i < partitions; ++i) {
      rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(consumer.get(), list);
    rd_kafka_topic_partition_list_destroy(list);
    std::vector<MockMessage> messages;
    for (int empty = 0; messages.size() < count && empty < 100;) {
      rd_kafka_message_t* const message = rd_kafka_consumer_poll(consumer.get(), 100);
      if (message == nullptr) {
        ++empty;
        continue;
      }
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) messages.push_back(copy_of(message));
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer.get());
    return messages;
  }

  // The committed offset, or a negative number.
  int64_t committed(const char* group, const char* topic, int32_t partition) {
    std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> consumer(
        make_plain_client(RD_KAFKA_CONSUMER,
                          {{"bootstrap.servers", brokers()}, {"group.id", group}}),
        rd_kafka_destroy);
    rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t* const entry =
        rd_kafka_topic_partition_list_add(list, topic, partition);
    rd_kafka_committed(consumer.get(), list, 10'000);
    const int64_t offset = entry->offset;
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
  }

 private:
  static MockMessage copy_of(const rd_kafka_message_t* message) {
    MockMessage copy{.key = std::nullopt,
                     .value = {static_cast<const char*>(message->payload), message->len},
                     .partition = message->partition,
                     .offset = message->offset,
                     .headers = {}};
    if (message->key != nullptr) {
      copy.key.emplace(static_cast<const char*>(message->key), message->key_len);
    }
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return copy;
    const char* name = nullptr;
    const void* value = nullptr;
    size_t size = 0;
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i) {
      copy.headers[name] = std::string(static_cast<const char*>(value), size);
    }
    return copy;
  }

  struct Destroy {
    void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  };
  rd_kafka_t* const owner_;
  rd_kafka_mock_cluster_t* const cluster_;
  std::unique_ptr<rd_kafka_t, Destroy> producer_;
};

}  // namespace millrace::kafka::testing
