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
  ++generation_;
  for (int i = 0; i < list.cnt; ++i) {
    const rd_kafka_topic_partition_t& each = list.elems[i];
    PartitionKey key(each.topic, each.partition);
    partitions_.erase(key);
    partitions_.try_emplace(std::move(key), *parts_.metrics, parts_.name, each.topic,
                            each.partition, generation_);
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
    const auto found =
        partitions_.find(PartitionKey(revoked_->elems[i].topic, revoked_->elems[i].partition));
    if (found != partitions_.end() && found->second.offsets.under_way_count() > 0) return false;
  }
  return true;
}

// Stored offsets of the partitions are committed by librdkafka before they go.
void Consumer::give_away() {
  rd_kafka_topic_partition_list_t* const list = std::exchange(revoked_, nullptr);
  if (list == nullptr) return;
  revoke_timer_->disarm();
  for (int i = 0; i < list->cnt; ++i) {
    const auto found =
        partitions_.find(PartitionKey(list->elems[i].topic, list->elems[i].partition));
    if (found == partitions_.end()) continue;
    under_way_count_ -= found->second.offsets.under_way_count();
    partitions_.erase(found);
    given_away_.add(1);
  }
  std::erase_if(refused_, [&](const Taken& taken) { return find(taken) == nullptr; });
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
  if (is_stopped_ && under_way_count_ == 0) return begin_close();
  update_flow();
}

void Consumer::update_gauges() {
  for (auto& [key, partition] : partitions_) {
    int64_t low = 0;
    int64_t high = 0;
    const rd_kafka_resp_err_t error =
        api().get_watermark_offsets(client_->handle(), key.first.c_str(), key.second, &low, &high);
    const std::optional<int64_t> next = partition.offsets.next();
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR && next) partition.show(*next - 1, high);
  }
}

}  // namespace millrace::receivers::kafka
