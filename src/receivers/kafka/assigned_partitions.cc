#include "receivers/kafka/assigned_partitions.h"

namespace millrace::receivers::kafka {

std::string AssignedPartitions::Place::to_text() const {
  return partition.first + "/" + std::to_string(partition.second);
}

void AssignedPartitions::assign(const Key& key) {
  remove(key);
  partitions_.try_emplace(key, metrics_, receiver_, key.first, key.second, ++generation_);
}

bool AssignedPartitions::remove(const Key& key) {
  const auto found = partitions_.find(key);
  if (found == partitions_.end()) return false;
  under_way_count_ -= found->second.offsets.under_way_count();
  remembered_count_ -= found->second.offsets.size();
  partitions_.erase(found);
  return true;
}

std::optional<AssignedPartitions::Place> AssignedPartitions::place_of(std::string_view topic,
                                                                      int32_t number,
                                                                      int64_t offset) const {
  const auto found = partitions_.find(Key(topic, number));
  if (found == partitions_.end()) return std::nullopt;
  const std::optional<int64_t> next = found->second.offsets.next();
  if (next && offset < *next) return std::nullopt;
  return Place{.partition = found->first, .generation = found->second.generation, .offset = offset};
}

void AssignedPartitions::begin(const Place& place) {
  Partition* const partition = find(place);
  if (partition == nullptr || !partition->offsets.begin(place.offset)) return;
  ++under_way_count_;
  ++remembered_count_;
}

std::optional<int64_t> AssignedPartitions::finish(const Place& place) {
  Partition* const partition = find(place);
  if (partition == nullptr) return std::nullopt;
  OffsetTracker& offsets = partition->offsets;
  const size_t under_way_before = offsets.under_way_count();
  const size_t size_before = offsets.size();
  const std::optional<int64_t> moved = offsets.finish(place.offset);
  under_way_count_ -= under_way_before - offsets.under_way_count();
  remembered_count_ -= size_before - offsets.size();
  return moved;
}

void AssignedPartitions::abandon(const Place& place) {
  Partition* const partition = find(place);
  if (partition != nullptr && partition->offsets.abandon(place.offset)) --under_way_count_;
}

bool AssignedPartitions::is_idle(const Key& key) const {
  const auto found = partitions_.find(key);
  return found == partitions_.end() || found->second.offsets.under_way_count() == 0;
}

const Partition* AssignedPartitions::find(const Place& place) const {
  const auto found = partitions_.find(place.partition);
  const bool is_ours = found != partitions_.end() && found->second.generation == place.generation;
  return is_ours ? &found->second : nullptr;
}

}  // namespace millrace::receivers::kafka
