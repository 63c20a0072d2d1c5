#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>

#include "extensions/console/collector_pages.h"
#include "extensions/console/guard.h"
#include "extensions/console/span_tree.h"
#include "extensions/console/telemetry_pages.h"
#include "otlp/json/encode.h"
#include "wire/protobuf.h"

namespace millrace::extensions::console {
namespace {

constexpr size_t kSpansMax = 200'000;
constexpr size_t kLogsMax = 1000;
constexpr size_t kEventsMax = 256;

struct FoundSpan {
  otlp::SpanView view;
  size_t resource = 0;  // index into Found::resources
  size_t scope = 0;     // index into Found::scopes
  size_t pipeline = 0;
};

// The spans of one trace, with what their views point into.
struct Found {
  std::vector<recent::RecordRef> records;
  std::deque<otlp::ResourceView> resources;
  std::deque<otlp::ScopeView> scopes;
  std::vector<FoundSpan> spans;
  bool is_cut = false;
};

// A request that goes through two pipelines is kept twice: of each span id the spans of the
// pipeline where it was met first are shown.
class SpanFilter {
 public:
  bool wants(std::string_view span_id, size_t pipeline) {
    return pipelines_.try_emplace(span_id, pipeline).first->second == pipeline;
  }

 private:
  std::unordered_map<std::string_view, size_t> pipelines_;
};

Found find_spans(const TraceIndex& index, const TraceSummary& trace) {
  Found found;
  found.records = index.records_of(trace);
  SpanFilter filter;
  for (const recent::RecordRef& record : found.records) {
    const uint8_t* last_resource = nullptr;
    const uint8_t* last_scope = nullptr;
    for_each_item(*record, [&](const otlp::ResourceView& resource, const otlp::ScopeView& scope,
                               otlp::MessageBytes item) {
      const otlp::SpanView span = otlp::SpanView::read(item);
      if (as_text(span.trace_id) != trace.id) return true;
      if (!filter.wants(as_text(span.span_id), record->pipeline)) return true;
      if (found.spans.size() == kSpansMax) {
        found.is_cut = true;
        return false;
      }
      if (resource.bytes.data() != last_resource) found.resources.push_back(resource);
      if (scope.bytes.data() != last_scope) found.scopes.push_back(scope);
      last_resource = resource.bytes.data();
      last_scope = scope.bytes.data();
      found.spans.push_back({.view = span,
                             .resource = found.resources.size() - 1,
                             .scope = found.scopes.size() - 1,
                             .pipeline = record->pipeline});
      return true;
    });
  }
  return found;
}

std::string_view kind_name(int32_t kind) {
  constexpr std::string_view kNames[] = {"unspecified", "internal", "server",
                                         "client",      "producer", "consumer"};
  return kind >= 0 && kind < 6 ? kNames[kind] : kNames[0];
}

std::string_view status_name(int32_t status) {
  return status == 2 ? "error" : status == 1 ? "ok" : "unset";
}

double difference(uint64_t a, uint64_t b) {
  return a >= b ? static_cast<double>(a - b) : -static_cast<double>(b - a);
}

bool write_events(JsonWriter& json, const otlp::SpanView& span) {
  json.key("events").open_list();
  otlp::MessageReader events(span.bytes, otlp::kSpanEvents);
  otlp::MessageBytes bytes;
  size_t count = 0;
  bool is_whole = true;
  while (events.next(&bytes)) {
    if (++count > kEventsMax || json.size() > kAnswerBytesMax) {
      is_whole = false;
      break;
    }
    const otlp::EventView event = otlp::EventView::read(bytes);
    json.open_object().member("name", shown(event.name));
    json.nanoseconds("time_unix_nano", event.time_unix_nano);
    is_whole &= write_attributes(json, "attributes", bytes, otlp::kEventAttributes);
    json.count("dropped_attributes_count", event.dropped_attributes_count).close_object();
  }
  json.close_list();
  return is_whole;
}

bool write_links(JsonWriter& json, const TraceIndex& index, const otlp::SpanView& span) {
  json.key("links").open_list();
  otlp::MessageReader links(span.bytes, otlp::kSpanLinks);
  otlp::MessageBytes bytes;
  size_t count = 0;
  bool is_whole = true;
  while (links.next(&bytes)) {
    if (++count > kEventsMax || json.size() > kAnswerBytesMax) {
      is_whole = false;
      break;
    }
    const otlp::LinkView link = otlp::LinkView::read(bytes);
    json.open_object().member("trace_id", hex(link.trace_id)).member("span_id", hex(link.span_id));
    json.member("trace_state", shown(link.trace_state));
    is_whole &= write_attributes(json, "attributes", bytes, otlp::kLinkAttributes);
    json.flag("is_held", index.find(std::string(as_text(link.trace_id))) != nullptr);
    json.close_object();
  }
  json.close_list();
  return is_whole;
}

void write_span(JsonWriter& json, const TraceIndex& index, const recent::Store& store,
                const Found& found, const TreePlace& place, uint64_t trace_start) {
  const FoundSpan& span = found.spans[place.span];
  const otlp::SpanView& view = span.view;
  const otlp::ScopeView& scope = found.scopes[span.scope];
  json.open_object().member("span_id", hex(view.span_id));
  json.member("parent_span_id", hex(view.parent_span_id)).member("name", shown(view.name));
  json.member("kind", kind_name(view.kind));
  json.nanoseconds("start_unix_nano", view.start_time_unix_nano);
  json.nanoseconds("end_unix_nano", view.end_time_unix_nano);
  json.key("duration_ns").real(difference(view.end_time_unix_nano, view.start_time_unix_nano));
  json.key("offset_ns").real(difference(view.start_time_unix_nano, trace_start));
  json.member("status", status_name(view.status_code));
  json.member("status_message", shown(view.status_message));
  json.member("trace_state", shown(view.trace_state)).count("resource", span.resource);
  json.member("scope_name", shown(scope.name)).member("scope_version", shown(scope.version));
  json.member("pipeline", store.pipelines()[span.pipeline]);
  bool is_whole = write_attributes(json, "attributes", view.bytes, otlp::kSpanAttributes);
  is_whole &= write_events(json, view);
  is_whole &= write_links(json, index, view);
  json.count("dropped_attributes_count", view.dropped_attributes_count);
  json.count("dropped_events_count", view.dropped_events_count);
  json.count("dropped_links_count", view.dropped_links_count);
  json.count("depth", place.depth).flag("is_orphan", place.is_orphan);
  json.flag("is_cut", !is_whole).close_object();
}

void write_resources(JsonWriter& json, const Found& found) {
  json.key("resources").open_list();
  for (const otlp::ResourceView& resource : found.resources) {
    json.open_object().member("service", shown(service_of(resource)));
    // Beyond the limit of an answer the entries stay, so that the indices of the spans hold.
    const bool fits = json.size() < kAnswerBytesMax / 2;
    write_attributes(json, "attributes", fits ? resource.resource.view() : otlp::MessageBytes(),
                     otlp::kResourceAttributes);
    json.member("schema_url", shown(resource.schema_url)).close_object();
  }
  json.close_list();
}

bool write_logs_of(JsonWriter& json, const recent::Store& store, const std::string& trace_id,
                   ScanTime& time) {
  size_t count = 0;
  bool is_whole = true;
  for (const recent::RecordRef& record : store.newest_first(Signal::kLogs)) {
    size_t index = 0;
    is_whole &= for_each_item(*record, [&](const otlp::ResourceView& resource,
                                           const otlp::ScopeView& scope, otlp::MessageBytes item) {
      if (time.is_over() || count == kLogsMax || json.size() > kAnswerBytesMax) return false;
      const size_t place = index++;
      if (as_text(otlp::LogRecordView::read(item).trace_id) != trace_id) return true;
      ++count;
      write_log(json, store, *record, resource, scope, item,
                std::to_string(record->number) + "." + std::to_string(place));
      return true;
    });
  }
  return is_whole;
}

transport::PageReply not_held() {
  return error_reply(404, "not_held", "the trace is not among the recent ones");
}

}  // namespace

transport::PageReply trace_page(const TraceIndex& index, const recent::Store& store,
                                std::string_view id, const Query& query, ScanTime time) {
  const auto trace_id = bytes_of_hex(id, 16);
  if (!trace_id) {
    return bad_request({Code::kInvalidArgument, "a trace id has 32 hex digits"});
  }
  const auto offset = query.number("offset", 0, 0, UINT32_MAX);
  const auto limit = query.number("limit", 1000, 1, 10'000);
  if (!offset) return bad_request(offset.error());
  if (!limit) return bad_request(limit.error());
  const TraceSummary* trace = index.find(*trace_id);
  if (trace == nullptr) return not_held();
  const Found found = find_spans(index, *trace);
  std::vector<SpanNode> nodes;
  uint64_t start = UINT64_MAX;
  uint64_t end = 0;
  uint64_t errors = 0;
  for (const FoundSpan& span : found.spans) {
    const otlp::SpanView& view = span.view;
    nodes.push_back({as_text(view.span_id), as_text(view.parent_span_id), view.start_time_unix_nano,
                     view.end_time_unix_nano});
    start = std::min(start, view.start_time_unix_nano);
    end = std::max({end, view.end_time_unix_nano, view.start_time_unix_nano});
    if (view.status_code == 2) ++errors;
  }
  if (nodes.empty()) return not_held();
  const std::vector<TreePlace> order = order_as_tree(nodes);
  JsonWriter json;
  json.open_object().member("trace_id", hex(as_span(*trace_id)));
  json.nanoseconds("start_unix_nano", start).key("duration_ns").real(difference(end, start));
  write_run(json.key("run"), store, trace->run);
  json.count("span_count", nodes.size()).count("error_count", errors).count("offset", *offset);
  write_resources(json, found);
  json.key("spans").open_list();
  size_t next = *offset;
  for (; next < order.size() && next < *offset + *limit; ++next) {
    if (json.size() > kAnswerBytesMax) break;
    write_span(json, index, store, found, order[next], start);
  }
  json.close_list().key("next_offset");
  next < order.size() ? json.number(next) : json.null();
  bool is_whole = !found.is_cut;
  json.key("logs").open_list();
  if (*offset == 0) is_whole &= write_logs_of(json, store, *trace_id, time);
  json.close_list().key("critical_path").open_list();
  if (*offset == 0) {
    for (const size_t span : critical_path(nodes, order)) json.text(hex(as_span(nodes[span].id)));
  }
  json.close_list().flag("is_incomplete", !is_whole).close_object();
  return json_reply(json);
}

transport::PageReply trace_as_otlp(const TraceIndex& index, std::string_view id) {
  const auto trace_id = bytes_of_hex(id, 16);
  if (!trace_id) {
    return bad_request({Code::kInvalidArgument, "a trace id has 32 hex digits"});
  }
  const TraceSummary* trace = index.find(*trace_id);
  if (trace == nullptr) return not_held();
  const Found found = find_spans(index, *trace);
  std::string text = "{\"resourceSpans\":[";
  size_t last_resource = SIZE_MAX;
  size_t last_scope = SIZE_MAX;
  const auto append = [&text](otlp::json::MessageId kind, otlp::MessageBytes bytes) {
    std::string json;
    if (!otlp::json::encode(kind, bytes, &json)) json = "{}";
    text += json;
  };
  for (const FoundSpan& span : found.spans) {
    if (text.size() > 2 * kAnswerBytesMax) {
      return error_reply(503, "too_large", "the trace is larger than one answer");
    }
    const bool is_new_resource = span.resource != last_resource;
    if (is_new_resource || span.scope != last_scope) {
      if (last_scope != SIZE_MAX) text += "]}";
      if (is_new_resource && last_resource != SIZE_MAX) text += "]},";
      if (is_new_resource) {
        text += "{\"resource\":";
        append(otlp::json::MessageId::kResource, found.resources[span.resource].resource.view());
        text += ",\"scopeSpans\":[";
      } else {
        text += ',';
      }
      text += "{\"scope\":";
      append(otlp::json::MessageId::kScope, found.scopes[span.scope].scope.view());
      text += ",\"spans\":[";
    } else {
      text += ',';
    }
    append(otlp::json::MessageId::kSpan, span.view.bytes);
    last_resource = span.resource;
    last_scope = span.scope;
  }
  text += found.spans.empty() ? "]}" : "]}]}]}";
  return {.status = 200, .content_type = "application/json", .body = std::move(text)};
}

}  // namespace millrace::extensions::console
