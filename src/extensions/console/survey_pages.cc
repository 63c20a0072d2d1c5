// Surveys of all recent items: keys and values for suggestions, services and their calls.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "extensions/console/telemetry_pages.h"

namespace millrace::extensions::console {
namespace {

constexpr size_t kKeysMax = 1000;
constexpr size_t kValuesMax = 500;  // distinct ones that are counted, for each key
constexpr size_t kValuesShown = 20;
constexpr size_t kValueBytesMax = 200;
constexpr size_t kSpansMax = 200'000;
constexpr size_t kServicesMax = 500;

struct SeenKey {
  uint64_t count = 0;
  bool is_cut = false;
  std::map<std::string, uint64_t, std::less<>> values;
};
using SeenKeys = std::map<std::string, SeenKey, std::less<>>;

void note_attributes(SeenKeys& keys, otlp::MessageBytes message, uint32_t field_number,
                     std::string_view prefix) {
  otlp::MessageReader attributes(message, field_number);
  otlp::MessageBytes bytes;
  for (size_t i = 0; i < kShownAttributesMax && attributes.next(&bytes); ++i) {
    const otlp::KeyValueView attribute = otlp::KeyValueView::read(bytes);
    if (!attribute.key.starts_with(prefix) || attribute.key.size() > kValueBytesMax) continue;
    auto found = keys.find(attribute.key);
    if (found == keys.end()) {
      if (keys.size() >= kKeysMax) continue;
      found = keys.emplace(attribute.key, SeenKey{}).first;
    }
    SeenKey& key = found->second;
    ++key.count;
    const otlp::AnyValueView value = otlp::AnyValueView::read(attribute.value);
    const bool is_text = value.type == otlp::AnyValueView::Type::kString;
    if (is_text ? value.text.size() > kValueBytesMax : value.members.size() > kValueBytesMax) {
      key.is_cut = true;
      continue;
    }
    const std::string text = is_text ? std::string(value.text) : otlp::to_text(value);
    if (auto known = key.values.find(text); known != key.values.end()) {
      ++known->second;
    } else if (key.values.size() < kValuesMax) {
      key.values.emplace(text, 1);
    } else {
      key.is_cut = true;
    }
  }
}

void write_key(JsonWriter& json, const std::string& name, const SeenKey& key) {
  std::vector<std::pair<uint64_t, std::string_view>> values;
  for (const auto& [value, count] : key.values) values.emplace_back(count, value);
  std::ranges::sort(values, std::ranges::greater());
  json.open_object().member("key", name).count("count", key.count).key("values").open_list();
  for (size_t i = 0; i < values.size() && i < kValuesShown; ++i) {
    json.open_object().member("value", values[i].second).count("count", values[i].first);
    json.close_object();
  }
  json.close_list().count("distinct_values", key.values.size()).flag("is_cut", key.is_cut);
  json.close_object();
}

// The attributes of an item; a metric's are those of its points.
void note_item(SeenKeys& keys, Signal signal, const otlp::ScopeView& scope, otlp::MessageBytes item,
               std::string_view prefix, ScanTime& time) {
  if (signal == Signal::kTraces) return note_attributes(keys, item, otlp::kSpanAttributes, prefix);
  if (signal == Signal::kLogs) {
    return note_attributes(keys, item, otlp::kLogRecordAttributes, prefix);
  }
  const otlp::MetricView metric = otlp::MetricView::read(
      scope.bytes.slice(static_cast<size_t>(item.data() - scope.bytes.data()), item.size()));
  otlp::MessageReader points(metric.data.view(), otlp::kDataPoints);
  otlp::MessageBytes point;
  while (points.next(&point) && !time.is_over()) {
    note_attributes(keys, point, otlp::point_attributes(metric.type), prefix);
  }
}

}  // namespace

transport::PageReply attribute_list(const recent::Store& store, const Query& query, ScanTime time) {
  const std::string name = query.has("signal") ? query.text("signal") : "traces";
  std::optional<Signal> signal;
  for (const Signal each : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    if (signal_name(each) == name) signal = each;
  }
  if (!signal) {
    return bad_request({Code::kInvalidArgument, "signal: expected traces, metrics or logs"});
  }
  const auto limit = query.number("limit", 100, 1, 500);
  if (!limit) return bad_request(limit.error());
  const std::string prefix = query.text("prefix");
  SeenKeys keys;
  for (const recent::RecordRef& record : store.newest_first(*signal)) {
    const uint8_t* last_resource = nullptr;
    for_each_item(*record, [&](const otlp::ResourceView& resource, const otlp::ScopeView& scope,
                               otlp::MessageBytes item) {
      if (time.is_over()) return false;
      if (resource.bytes.data() != last_resource) {
        note_attributes(keys, resource.resource.view(), otlp::kResourceAttributes, prefix);
      }
      last_resource = resource.bytes.data();
      note_item(keys, *signal, scope, item, prefix, time);
      return true;
    });
  }
  std::vector<std::pair<uint64_t, const std::string*>> order;
  for (const auto& [key, seen] : keys) order.emplace_back(seen.count, &key);
  std::ranges::sort(order, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : *a.second < *b.second;
  });
  JsonWriter json;
  json.open_object().key("keys").open_list();
  for (size_t i = 0; i < order.size() && i < *limit; ++i) {
    write_key(json, *order[i].second, keys.find(*order[i].second)->second);
  }
  json.close_list().flag("is_incomplete", time.is_over()).close_object();
  return json_reply(json);
}

namespace {

struct MapCounts {
  uint64_t count = 0;
  uint64_t errors = 0;
};

struct MapSpan {
  std::string parent;  // trace and span id
  size_t service = 0;
  bool is_error = false;
};

struct ServiceGraph {
  std::vector<std::string> names;
  std::vector<MapCounts> counts;
  std::map<std::string, size_t, std::less<>> index;
  std::unordered_map<std::string, MapSpan> spans;  // by trace and span id

  std::optional<size_t> service(std::string_view name) {
    if (const auto found = index.find(name); found != index.end()) return found->second;
    if (names.size() >= kServicesMax) return std::nullopt;
    index.emplace(name, names.size());
    names.emplace_back(name);
    counts.emplace_back();
    return names.size() - 1;
  }
};

void note_span(ServiceGraph& graph, std::string_view service, const otlp::SpanView& span) {
  const auto index = graph.service(service);
  if (!index) return;
  const std::string trace(as_text(span.trace_id));
  const bool is_error = span.status_code == 2;
  const bool is_new =
      graph.spans
          .try_emplace(trace + std::string(as_text(span.span_id)),
                       MapSpan{span.parent_span_id.empty()
                                   ? std::string()
                                   : trace + std::string(as_text(span.parent_span_id)),
                               *index, is_error})
          .second;
  if (!is_new) return;  // the copy of another pipeline
  ++graph.counts[*index].count;
  if (is_error) ++graph.counts[*index].errors;
}

}  // namespace

transport::PageReply service_map(const recent::Store& store, ScanTime time) {
  ServiceGraph graph;
  bool is_cut = false;
  for (const recent::RecordRef& record : store.newest_first(Signal::kTraces)) {
    for_each_item(*record, [&](const otlp::ResourceView& resource, const otlp::ScopeView&,
                               otlp::MessageBytes item) {
      is_cut = is_cut || graph.spans.size() >= kSpansMax;
      if (is_cut || time.is_over()) return false;
      note_span(graph, shown(service_of(resource)), otlp::SpanView::read(item));
      return true;
    });
  }
  std::map<std::pair<size_t, size_t>, MapCounts> calls;
  for (const auto& [id, span] : graph.spans) {
    const auto parent = graph.spans.find(span.parent);
    if (parent == graph.spans.end() || parent->second.service == span.service) continue;
    MapCounts& call = calls[{parent->second.service, span.service}];
    ++call.count;
    if (span.is_error) ++call.errors;
  }
  JsonWriter json;
  json.open_object().key("services").open_list();
  for (size_t i = 0; i < graph.names.size(); ++i) {
    json.open_object().member("name", graph.names[i]).count("span_count", graph.counts[i].count);
    json.count("error_count", graph.counts[i].errors).close_object();
  }
  json.close_list().key("calls").open_list();
  for (const auto& [ends, call] : calls) {
    json.open_object().member("from", graph.names[ends.first]);
    json.member("to", graph.names[ends.second]).count("count", call.count);
    json.count("error_count", call.errors).close_object();
  }
  json.close_list().flag("is_incomplete", is_cut || time.is_over()).close_object();
  return json_reply(json);
}

}  // namespace millrace::extensions::console
