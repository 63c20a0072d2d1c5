#include "receivers/prometheus/point_groups.h"

#include <algorithm>
#include <cmath>

namespace millrace::receivers::prometheus {
namespace {

constexpr size_t kGroupBytes = 400;  // a group, a node of the map, the growth of their lists

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

PointGroups::Group* PointGroups::group_of(const Part& part) {
  writer_.truncate(0);
  write_attributes(writer_, part.kind, part.labels);
  const std::string_view attributes = as_text(writer_.view());
  if (last_ < groups_.size() && groups_[last_].metric == part.metric &&
      groups_[last_].attributes == attributes) {
    return &groups_[last_];
  }
  key_.assign(attributes);
  key_.append(reinterpret_cast<const char*>(&part.metric), sizeof part.metric);
  const auto found = by_key_.find(key_);
  if (found != by_key_.end()) {
    last_ = found->second;
    return &groups_[last_];
  }
  if (!memory_.charge(kGroupBytes + 2 * attributes.size())) return nullptr;
  last_ = groups_.size();
  groups_.emplace_back();
  groups_.back().metric = part.metric;
  groups_.back().kind = part.kind;
  groups_.back().attributes = attributes;
  groups_.back().timestamp_ms = part.sample->timestamp_ms;
  by_key_.emplace(key_, last_);
  return &groups_.back();
}

Status PointGroups::add(const Part& part) {
  Group* const group = group_of(part);
  if (group == nullptr) return fail(batch_.no_room(kGroupBytes));
  const Sample& sample = *part.sample;
  if (const uint64_t start = start_of(sample, part.role); start != 0) group->start = start;
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
                     .is_tracked = !group.timestamp_ms});
}

Status PointGroups::flush() {
  for (Group& group : groups_) {
    if (Status written = write(group); !written) return written;
  }
  groups_.clear();
  by_key_.clear();
  last_ = SIZE_MAX;
  return {};
}

}  // namespace millrace::receivers::prometheus
