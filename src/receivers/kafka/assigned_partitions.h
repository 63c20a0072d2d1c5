// The partitions that are assigned to this member of the group, and the messages of them that are
// under way. A message of an assignment before is not ours any more: whatever becomes of it changes
// nothing here, because the next owner of its partition reads it again.
//
// One loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/registry.h"
#include "receivers/kafka/partition.h"

namespace millrace::receivers::kafka {

class AssignedPartitions {
 public:
  using Key = std::pair<std::string, int32_t>;  // topic and number
  // Where a message comes from.
  struct Place {
    Key partition;
    uint64_t generation = 0;  // of the assignment
    int64_t offset = 0;
    std::string to_text() const;  // "topic/3"
  };

  // `metrics` outlives this.
  AssignedPartitions(metrics::Registry& metrics, std::string receiver)
      : metrics_(metrics), receiver_(std::move(receiver)) {}

  void assign(const Key& key);
  // Its messages that are under way are not ours any more. False: it was not assigned.
  bool remove(const Key& key);

  // Nothing: the partition is not assigned, or the message was taken before.
  std::optional<Place> place_of(std::string_view topic, int32_t number, int64_t offset) const;
  // The message is under way. Precondition: place_of() gave it, and nothing has changed.
  void begin(const Place& place);
  bool is_ours(const Place& place) const { return find(place) != nullptr; }
  // It is processed. Returns the offset to commit when that has moved.
  std::optional<int64_t> finish(const Place& place);
  // It is not processed and is not tried again: nothing from there on is committed.
  void abandon(const Place& place);

  // The number of messages that are under way: the sum over the partitions.
  size_t under_way_count() const { return under_way_count_; }
  // The messages that are remembered because one in front of them is not processed: 16 bytes each.
  size_t remembered_count() const { return remembered_count_; }
  bool is_idle(const Key& key) const;
  bool has(const Key& key) const { return partitions_.contains(key); }
  size_t size() const { return partitions_.size(); }
  std::map<Key, Partition>& all() { return partitions_; }
  const std::map<Key, Partition>& all() const { return partitions_; }

 private:
  const Partition* find(const Place& place) const;
  Partition* find(const Place& place) {
    return const_cast<Partition*>(std::as_const(*this).find(place));  // NOLINT: not const here
  }

  metrics::Registry& metrics_;
  const std::string receiver_;
  std::map<Key, Partition> partitions_;
  uint64_t generation_ = 0;
  size_t under_way_count_ = 0;
  size_t remembered_count_ = 0;
};

}  // namespace millrace::receivers::kafka
