#include "receivers/prometheus/point_groups.h"

#include <algorithm>
#include <cmath>

namespace millrace::receivers::prometheus {
namespace {

constexpr size_t kGroupBytes = 400;  // a group, its places in the table, the growth of both
constexpr size_t kTableMin = 16;

uint64_t start_of(const Sample& sample, SampleRole role) {
  if (role != SampleRole::kCreated) {
    return sample.created_ms ? nanoseconds_of_ms(*sample.created_ms) : 0;
  }
  constexpr double kSecondsMax = 1.8e10;
  if (!(sample.value > 0 && sample.value < kSecondsMax)) return 0;
  return static_cast<uint64_t>(sample.value * 1e9);
}

}  // namespace

uint64_t nanoseconds_of_ms(int64_t milliseconds) {
  constexpr int64_t kMax = INT64_MAX / 1'000'000;
  return static_cast<uint64_t>(std::clamp<int64_t>(milliseconds, 0, kMax)) * 1'000'000;
}

size_t PointGroups::place_of(uint64_t hash, uint32_t metric, std::string_view attributes) const {
  const size_t mask = table_.size() - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    if (table_[at] == 0) return at;
    const Group& group = groups_[table_[at] - 1];
    if (group.hash == hash && group.metric == metric && group.attributes == attributes) return at;
  }
}

void PointGroups::grow_table() {
  table_.assign(std::max(kTableMin, 2 * table_.size()), 0);
  for (size_t index = 0; index < group_count_; ++index) {
    const Group& group = groups_[index];
    table_[place_of(group.hash, group.metric, group.attributes)] = static_cast<uint32_t>(index + 1);
  }
}

PointGroups::Group& PointGroups::add_group(uint64_t hash, const Part& part,
                                           std::string_view attributes) {
  if (2 * (group_count_ + 1) > table_.size()) grow_table();
  table_[place_of(hash, part.metric, attributes)] = static_cast<uint32_t>(group_count_ + 1);
  if (group_count_ == groups_.size()) groups_.emplace_back();
  Group& group = groups_[group_count_++];
  group.hash = hash;
  group.metric = part.metric;
  group.kind = part.kind;
  group.attributes = attributes;
  group.timestamp_ms = part.sample->timestamp_ms;
  group.start = 0;
  group.has_value = false;
  group.value.count = group.value.sum = 0;
  group.value.has_sum = false;
  group.value.parts.clear();
  group.exemplars.clear();
  group.samples.clear();
  return group;
}

PointGroups::Group* PointGroups::group_of(const Part& part) {
  writer_.truncate(0);
  write_attributes(writer_, part.kind, part.labels);
  const std::string_view attributes = as_text(writer_.view());
  if (last_ < group_count_ && groups_[last_].metric == part.metric &&
      groups_[last_].attributes == attributes) {
    return &groups_[last_];
  }
  const uint64_t hash = std::hash<std::string_view>()(attributes) + part.metric;
  if (!table_.empty()) {
    if (const uint32_t found = table_[place_of(hash, part.metric, attributes)]; found != 0) {
      last_ = found - 1;
      return &groups_[last_];
    }
  }
  if (!memory_.charge(kGroupBytes + 2 * attributes.size())) return nullptr;
  last_ = group_count_;
  return &add_group(hash, part, attributes);
}

Status PointGroups::add(const Part& part) {
  Group* const group = group_of(part);
  if (group == nullptr) return fail(batch_.no_room(kGroupBytes));
  const Sample& sample = *part.sample;
  if (const uint64_t start = start_of(sample, part.role); start != 0) group->start = start;
  if (part.number) {
    group->samples.push_back({.sample = *part.number, .role = part.role, .bound = part.bound});
  }
  switch (part.role) {
    case SampleRole::kValue:
    case SampleRole::kCount:
      group->value.count = sample.value;
      group->has_value = true;
      break;
    case SampleRole::kSum:
      group->value.sum = sample.value;
      group->value.has_sum = true;
      break;
    case SampleRole::kPart:
      if (!memory_.charge(2 * sizeof(group->value.parts[0]))) return fail(batch_.no_room(32));
      group->value.parts.emplace_back(part.bound, sample.value);
      break;
    case SampleRole::kCreated:
      break;
  }
  if (sample.exemplars.empty() || part.kind == PointKind::kSummary) return {};
  writer_.truncate(0);
  for (const Exemplar& exemplar : sample.exemplars) {
    write_exemplar(writer_, part.kind, exemplar, scrape_time_);
  }
  if (!memory_.charge(2 * writer_.size())) return fail(batch_.no_room(writer_.size()));
  group->exemplars += as_text(writer_.view());
  return {};
}

Status PointGroups::write(Group& group) {
  if (!group.has_value) {
    ++incomplete_count_;
    return {};
  }
  writer_.truncate(0);
  writer_.raw(as_span(group.attributes));
  const PointTimes times{
      .start = group.start,
      .time = group.timestamp_ms ? nanoseconds_of_ms(*group.timestamp_ms) : scrape_time_};
  if (group.kind == PointKind::kHistogram) {
    if (!write_histogram(writer_, times, group.value)) {
      ++incomplete_count_;
      return {};
    }
  } else if (group.kind == PointKind::kSummary) {
    write_summary(writer_, times, group.value);
  } else {
    write_number(writer_, times, group.value.count);
  }
  writer_.raw(as_span(group.exemplars));
  return batch_.add({.metric = group.metric,
                     .bytes = writer_.view(),
                     .attributes_size = group.attributes.size(),
                     .is_tracked = !group.timestamp_ms,
                     .samples = group.samples});
}

Status PointGroups::flush() {
  for (size_t index = 0; index < group_count_; ++index) {
    if (Status written = write(groups_[index]); !written) return written;
  }
  // A table that was needed once is not cleared again for each small family.
  const bool is_too_large = table_.size() > kTableMin && table_.size() / 8 > group_count_;
  table_.assign(is_too_large ? kTableMin : table_.size(), 0);
  group_count_ = 0;
  last_ = SIZE_MAX;
  return {};
}

}  // namespace millrace::receivers::prometheus
