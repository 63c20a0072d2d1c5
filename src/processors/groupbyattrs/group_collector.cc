#include "processors/groupbyattrs/group_collector.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "otlp/schema.h"

namespace millrace::processors::groupbyattrs {

namespace {

using otlp::MessageBytes;
using wire::WireType;

// Units of the pace for an item that is looked at.
constexpr size_t kItemUnits = 100;
// Memory of an entry of a table beside the entry itself.
constexpr size_t kTableEntryBytes = 64;

std::string_view bytes_of(const uint32_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

}  // namespace

size_t GroupCollector::KeyHash::operator()(const GroupKey& key) const {
  size_t hash = 0;
  std::copy_n(key.begin(), sizeof hash, reinterpret_cast<uint8_t*>(&hash));
  return hash;
}

// The parts of a message in several parts are put together, in memory of their own.
template <class IsPart>
bool GroupCollector::charge_parts(MessageBytes message, const IsPart& is_part) {
  size_t count = 0;
  size_t bytes = 0;
  wire::FieldReader fields(message);
  for (wire::Field field; fields.next(&field);) {
    work_.pace.step(otlp::kFieldUnits);
    if (field.type != WireType::kLen || !is_part(field.number)) continue;
    count++;
    bytes += field.bytes.size();
  }
  return memory_.charge(count > 1 ? bytes : 0);
}

void GroupCollector::collect_resource_x(const Bytes& resource_x) {
  const auto is_first = [](uint32_t number) { return number == 1; };
  if (!memory_.charge(sizeof(Bytes)) || !charge_parts(resource_x.view(), is_first)) return;
  resource_ = otlp::ResourceView::read(resource_x, bounds());
  groups_.owners.push_back(resource_x);
  group_of_values_.clear();
  otlp::MessageReader scopes(resource_x.view(), otlp::kResourceScopes, &work_.pace);
  for (MessageBytes content; !failed() && scopes.next(&content);) {
    if (!charge_parts(content, is_first)) return;
    const auto scope =
        otlp::ScopeView::read(Bytes(resource_x.chunk(), content.data(), content.size()), bounds());
    scope_of_group_.clear();
    if (signal_ == Signal::kMetrics) {
      collect_metrics(scope);
    } else {
      const bool is_traces = signal_ == Signal::kTraces;
      collect_items(scope, nullptr, scope.bytes.view(), otlp::kScopeItems,
                    is_traces ? otlp::kSpanAttributes : otlp::kLogRecordAttributes);
    }
  }
}

void GroupCollector::collect_metrics(const otlp::ScopeView& scope) {
  otlp::MessageReader metrics(scope.bytes.view(), otlp::kScopeItems, &work_.pace);
  for (MessageBytes content; !failed() && metrics.next(&content);) {
    if (!charge_parts(content, otlp::is_metric_data)) return;
    const auto metric = otlp::MetricView::read(
        Bytes(scope.bytes.chunk(), content.data(), content.size()), bounds());
    if (metric.type == otlp::MetricType::kNone) continue;
    if (metric.data.chunk().get() != groups_.owners.back().chunk().get()) {
      if (!memory_.charge(sizeof(Bytes))) return;
      groups_.owners.push_back(metric.data);
    }
    collect_items(scope, &metric, metric.data.view(), otlp::kDataPoints,
                  otlp::point_attributes(metric.type));
  }
}

void GroupCollector::collect_items(const otlp::ScopeView& scope, const otlp::MetricView* metric,
                                   MessageBytes holder, uint32_t items_field,
                                   uint32_t attributes_field) {
  leaf_of_scope_.clear();
  wire::FieldReader fields(holder);
  for (wire::Field field; !failed() && fields.next(&field);) {
    work_.pace.step(otlp::kFieldUnits);
    if (!field.is(items_field, WireType::kLen)) continue;
    work_.pace.step(kItemUnits);
    const bool loses = read_values(field.bytes, attributes_field);
    const uint32_t group = find_group(loses ? field.bytes : MessageBytes(), attributes_field);
    if (failed()) return;
    add_item(find_leaf(find_scope(group, scope), metric), field.whole, loses);
  }
}

// The grouping attributes of the item, into values_. False: it has none of them.
bool GroupCollector::read_values(MessageBytes item, uint32_t attributes_field) {
  values_.clear();
  bool is_found = false;
  for (const std::string& key : options_.keys) {
    const MessageBytes value = find_value(item, attributes_field, key, work_.pace);
    const bool is_there = value.data() != nullptr;
    if (!memory_.can_hold(values_.size() + value.size())) return false;
    const auto size = is_there ? static_cast<uint32_t>(value.size()) : kNone;
    values_ += bytes_of(size);
    values_ += as_text(value);
    is_found = is_found || is_there;
  }
  if (!is_found) values_.clear();
  return is_found;
}

// The group of the resource with the values of the item.
uint32_t GroupCollector::find_group(MessageBytes item, uint32_t attributes_field) {
  const auto known = group_of_values_.find(values_);
  if (known != group_of_values_.end()) return known->second;
  ResourceGroup made{
      .resource = resource_, .item = item, .attributes_field = attributes_field, .scopes = {}};
  set_resource(options_, made, work_, list_);
  const GroupKey key = key_maker_.make(list_);
  const size_t bytes = 2 * kTableEntryBytes + values_.size() + sizeof key + sizeof made;
  if (list_.failed() || !memory_.charge(bytes)) return 0;
  const auto [place, is_new] =
      groups_by_key_.try_emplace(key, static_cast<uint32_t>(groups_.resources.size()));
  if (is_new) groups_.resources.push_back(std::move(made));
  group_of_values_.emplace(values_, place->second);
  return place->second;
}

uint32_t GroupCollector::find_scope(uint32_t group, const otlp::ScopeView& scope) {
  const auto known = scope_of_group_.find(group);
  if (known != scope_of_group_.end()) return known->second;
  std::string name(bytes_of(group));
  const auto size = static_cast<uint32_t>(scope.name.size());
  memory_.can_hold(scope.name.size() + scope.version.size());
  name += bytes_of(size);
  name += scope.name;
  name += scope.version;
  memory_.charge(2 * kTableEntryBytes + name.size() + sizeof(ScopeGroup));
  const auto [place, is_new] =
      scopes_by_name_.try_emplace(std::move(name), static_cast<uint32_t>(groups_.scopes.size()));
  const uint32_t index = place->second;
  if (is_new) {
    groups_.scopes.push_back({.scope = scope.scope, .leaves = {}});
    append(groups_.resources[group].scopes, index, groups_.scopes);
  }
  scope_of_group_.emplace(group, index);
  return index;
}

uint32_t GroupCollector::find_leaf(uint32_t scope, const otlp::MetricView* metric) {
  const auto known = leaf_of_scope_.find(scope);
  if (known != leaf_of_scope_.end()) return known->second;
  std::string name(bytes_of(scope));
  if (metric != nullptr) {
    memory_.can_hold(metric->name.size());
    name += static_cast<char>(metric->type);
    name += metric->name;
  }
  memory_.charge(2 * kTableEntryBytes + name.size() + sizeof(Leaf));
  const auto [place, is_new] =
      leaves_by_name_.try_emplace(std::move(name), static_cast<uint32_t>(groups_.leaves.size()));
  const uint32_t index = place->second;
  if (is_new) {
    Leaf& leaf = groups_.leaves.emplace_back();
    if (metric != nullptr) leaf.metric = *metric;
    append(groups_.scopes[scope].leaves, index, groups_.leaves);
  }
  leaf_of_scope_.emplace(scope, index);
  return index;
}

void GroupCollector::add_item(uint32_t leaf_index, MessageBytes whole, bool loses_attributes) {
  Leaf& leaf = groups_.leaves[leaf_index];
  const auto owner = static_cast<uint32_t>(groups_.owners.size() - 1);
  if (leaf.runs.last != kNone && !loses_attributes) {
    Run& last = groups_.runs[leaf.runs.last];
    const bool is_neighbour = last.owner == owner && last.begin + last.size == whole.data();
    if (is_neighbour && !last.loses_attributes) {
      last.size += static_cast<uint32_t>(whole.size());
      return;
    }
  }
  if (!memory_.charge(sizeof(Run))) return;
  groups_.runs.push_back({.begin = whole.data(),
                          .size = static_cast<uint32_t>(whole.size()),
                          .owner = owner,
                          .loses_attributes = loses_attributes});
  append(leaf.runs, static_cast<uint32_t>(groups_.runs.size() - 1), groups_.runs);
}

}  // namespace millrace::processors::groupbyattrs
