// The consumer's part in its group: partitions that come and go, and their metrics.
#include <algorithm>
#include <utility>

#include "receivers/kafka/consumer.h"

namespace millrace::receivers::kafka {
namespace {

constexpr Duration kRevokeWait = 2s;

bool is_cooperative(const millrace::kafka::Library& api, rd_kafka_t* handle) {
  const char* const protocol = api.rebalance_protocol(handle);
  return protocol != nullptr && std::string_view(protocol) == "COOPERATIVE";
}

}  // namespace

void Consumer::on_rebalance(rd_kafka_event_t* event) {
  rd_kafka_topic_partition_list_t* const list = api().event_topic_partition_list(event);
  if (api().event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) return assign(*list);
  revoke(*list);
}

void Consumer::assign(const rd_kafka_topic_partition_list_t& list) {
  rd_kafka_t* const handle = client_->handle();
  for (int i = 0; i < list.cnt; ++i) {
    const rd_kafka_topic_partition_t& each = list.elems[i];
    partitions_.assign({each.topic, each.partition});
    assigned_.add(1);
  }
  if (!is_cooperative(api(), handle)) {
    api().assign(handle, &list);
  } else if (rd_kafka_error_t* const error = api().incremental_assign(handle, &list)) {
    api().error_destroy(error);
  }
  parts_.log->info("kafka partitions assigned", {{"receiver", parts_.name},
                                                 {"signal", signal_name(signal_)},
                                                 {"count", list.cnt},
                                                 {"all", partitions_.size()}});
  if (is_paused_) pause_all();
}

// Messages that are under way may still end, so that the next owner does not read them again. A
// partition that is lost already has its next owner.
void Consumer::revoke(const rd_kafka_topic_partition_list_t& list) {
  if (revoked_ != nullptr) give_away();
  revoked_ = api().topic_partition_list_copy(&list);
  if (is_ending_ || api().assignment_lost(client_->handle()) != 0 || is_revoked_idle()) {
    return give_away();
  }
  api().pause_partitions(client_->handle(), revoked_);
  revoke_timer_->arm_at(parts_.loop->now() + kRevokeWait);
}

bool Consumer::is_revoked_idle() const {
  for (int i = 0; i < revoked_->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = revoked_->elems[i];
    if (!partitions_.is_idle({each.topic, each.partition})) return false;
  }
  return true;
}

// Stored offsets of the partitions are committed by librdkafka before they go.
void Consumer::give_away() {
  rd_kafka_topic_partition_list_t* const list = std::exchange(revoked_, nullptr);
  if (list == nullptr) return;
  revoke_timer_->disarm();
  for (int i = 0; i < list->cnt; ++i) {
    const rd_kafka_topic_partition_t& each = list->elems[i];
    if (partitions_.remove({each.topic, each.partition})) given_away_.add(1);
  }
  std::erase_if(refused_, [&](const Taken& taken) { return !partitions_.is_ours(taken.place); });
  drop_waiting();
  rd_kafka_t* const handle = client_->handle();
  if (!is_cooperative(api(), handle)) {
    api().assign(handle, nullptr);
  } else if (rd_kafka_error_t* const error = api().incremental_unassign(handle, list)) {
    api().error_destroy(error);
  }
  parts_.log->info("kafka partitions given away", {{"receiver", parts_.name},
                                                   {"signal", signal_name(signal_)},
                                                   {"count", list->cnt},
                                                   {"left", partitions_.size()}});
  api().topic_partition_list_destroy(list);
  if (is_stopped_ && partitions_.under_way_count() == 0) return begin_close();
  update_flow();
}

// The message that waits for memory, when its partition goes. Taken in a later assignment of that
// partition, it would pass over the messages in front of it that come again.
void Consumer::drop_waiting() {
  if (waiting_event_ == nullptr) return;
  const rd_kafka_message_t& message = *waiting_message_;
  if (partitions_.has({api().topic_name(message.rkt), message.partition})) return;
  api().event_destroy(std::exchange(waiting_event_, nullptr));
}

millrace::kafka::PartitionList Consumer::list_all() const {
  auto list = millrace::kafka::make_partition_list(api());
  for (const auto& [key, partition] : partitions_.all()) {
    api().topic_partition_list_add(list.get(), key.first.c_str(), key.second);
  }
  return list;
}

void Consumer::pause_all() {
  is_paused_ = true;
  api().pause_partitions(client_->handle(), list_all().get());
}

void Consumer::resume_all() {
  is_paused_ = false;
  api().resume_partitions(client_->handle(), list_all().get());
}

void Consumer::update_gauges() {
  for (auto& [key, partition] : partitions_.all()) {
    int64_t low = 0;
    int64_t high = 0;
    const rd_kafka_resp_err_t error =
        api().get_watermark_offsets(client_->handle(), key.first.c_str(), key.second, &low, &high);
    const std::optional<int64_t> next = partition.offsets.next();
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && next) partition.show(*next - 1, high);
  }
}

}  // namespace millrace::receivers::kafka
