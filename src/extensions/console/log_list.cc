#include <algorithm>
#include <charconv>

#include "extensions/console/collector_pages.h"
#include "extensions/console/guard.h"
#include "extensions/console/run_filter.h"
#include "extensions/console/telemetry_pages.h"

namespace millrace::extensions::console {
namespace {

// The place of a record: the request's number and the index of the record in it.
struct Cursor {
  uint64_t record = 0;
  uint64_t index = 0;
  std::string to_text() const { return std::to_string(record) + "." + std::to_string(index); }
};

Result<Cursor> read_cursor(const Query& query, std::string_view name, Cursor otherwise) {
  if (!query.has(name)) return otherwise;
  const std::string text = query.text(name);
  const char* const end = text.data() + text.size();
  Cursor cursor;
  const auto first = std::from_chars(text.data(), end, cursor.record);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == '.') {
    const auto second = std::from_chars(first.ptr + 1, end, cursor.index);
    if (second.ec == std::errc() && second.ptr == end) return cursor;
  }
  return fail(Code::kInvalidArgument, std::string(name) + ": expected a cursor of an answer");
}

struct Wanted {
  std::string service;
  std::string text;      // in lower case
  std::string trace_id;  // 16 bytes, or empty
  uint64_t severity = 0;
  std::vector<AttributeFilter> filters;
  uint64_t limit = 200;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool contains(std::string_view text, std::string_view lower_case) {
  const auto found = std::search(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                                 [](char a, char b) { return lower(a) == b; });
  return found != text.end() || lower_case.empty();
}

std::string body_of(const otlp::LogRecordView& log) {
  return log.body.type == otlp::AnyValueView::Type::kString ? std::string(log.body.text)
                                                            : otlp::to_text(log.body);
}

Result<Wanted> read_wanted(const Query& query) {
  Wanted wanted;
  wanted.service = query.text("service");
  wanted.text = query.text("text");
  std::ranges::transform(wanted.text, wanted.text.begin(), lower);
  wanted.filters = read_filters(query.all("attribute"));
  const auto severity = query.number("severity", 0, 0, 24);
  const auto limit = query.number("limit", wanted.limit, 1, 1000);
  if (!severity) return fail(severity.error());
  if (!limit) return fail(limit.error());
  wanted.severity = *severity;
  wanted.limit = *limit;
  if (const std::string id = query.text("trace_id"); !id.empty()) {
    auto bytes = bytes_of_hex(id, 16);
    if (!bytes) return fail(Code::kInvalidArgument, "trace_id: expected 32 hex digits");
    wanted.trace_id = std::move(*bytes);
  }
  return wanted;
}

bool matches_log(const Wanted& wanted, const otlp::ResourceView& resource,
                 const otlp::ScopeView& scope, otlp::MessageBytes item) {
  const otlp::LogRecordView log = otlp::LogRecordView::read(item);
  if (log.severity_number < static_cast<int64_t>(wanted.severity)) return false;
  if (!wanted.trace_id.empty() && as_text(log.trace_id) != wanted.trace_id) return false;
  if (!wanted.service.empty() && service_of(resource) != wanted.service) return false;
  if (!wanted.text.empty() && !contains(body_of(log), wanted.text)) return false;
  return matches(wanted.filters, item, otlp::kLogRecordAttributes, resource, scope);
}

// The matching places of one request, in its order.
std::vector<uint64_t> places_in(const recent::Record& record, const Wanted& wanted,
                                ScanTime& time) {
  std::vector<uint64_t> places;
  uint64_t index = 0;
  for_each_item(record, [&](const otlp::ResourceView& resource, const otlp::ScopeView& scope,
                            otlp::MessageBytes item) {
    if (time.is_over()) return false;
    if (matches_log(wanted, resource, scope, item)) places.push_back(index);
    ++index;
    return true;
  });
  return places;
}

// Writes the records at `places`, which ascend; in that order, or the other way round.
void write_places(JsonWriter& json, const recent::Store& store, const recent::Record& record,
                  const std::vector<uint64_t>& places, bool is_reversed) {
  std::vector<std::string> texts;
  uint64_t index = 0;
  size_t next = 0;
  for_each_item(record, [&](const otlp::ResourceView& resource, const otlp::ScopeView& scope,
                            otlp::MessageBytes item) {
    if (next == places.size()) return false;
    if (index == places[next]) {
      JsonWriter one;
      write_log(one, store, record, resource, scope, item, Cursor{record.number, index}.to_text());
      texts.push_back(one.take());
      ++next;
    }
    ++index;
    return true;
  });
  if (is_reversed) std::ranges::reverse(texts);
  for (const std::string& text : texts) json.raw(text);
}

}  // namespace

void write_log(JsonWriter& json, const recent::Store& store, const recent::Record& record,
               const otlp::ResourceView& resource, const otlp::ScopeView& scope,
               otlp::MessageBytes item, const std::string& cursor) {
  const otlp::LogRecordView log = otlp::LogRecordView::read(item);
  const std::string body = body_of(log);
  json.open_object().member("cursor", cursor);
  json.nanoseconds("time_unix_nano",
                   log.time_unix_nano != 0 ? log.time_unix_nano : log.observed_time_unix_nano);
  json.nanoseconds("observed_time_unix_nano", log.observed_time_unix_nano);
  json.key("severity_number").signed_number(log.severity_number);
  json.member("severity_text", shown(log.severity_text)).member("body", shown(body));
  json.flag("body_is_cut", body.size() > kShownTextBytesMax);
  json.member("event_name", shown(log.event_name)).member("trace_id", hex(log.trace_id));
  json.member("span_id", hex(log.span_id)).member("service", shown(service_of(resource)));
  json.member("scope_name", shown(scope.name));
  write_attributes(json, "attributes", item, otlp::kLogRecordAttributes);
  write_attributes(json, "resource_attributes", resource.resource.view(),
                   otlp::kResourceAttributes);
  json.member("pipeline", store.pipelines()[record.pipeline]);
  write_run(json.key("run"), store, record.run);
  json.close_object();
}

transport::PageReply log_list(const recent::Store& store, const Query& query, ScanTime time) {
  const Result<Wanted> wanted = read_wanted(query);
  if (!wanted) return bad_request(wanted.error());
  const auto before = read_cursor(query, "before", {UINT64_MAX, 0});
  const auto after = read_cursor(query, "after", {});
  if (!before) return bad_request(before.error());
  if (!after) return bad_request(after.error());
  const bool is_tail = query.has("after");
  const RunFilter runs(query);
  std::vector<recent::RecordRef> records = store.newest_first(Signal::kLogs);
  const uint64_t newest = store.numbers().newest;
  if (is_tail) std::ranges::reverse(records);
  JsonWriter json;
  json.open_object().key("logs").open_list();
  uint64_t count = 0;
  bool has_more = false;
  Cursor last = is_tail ? *after : *before;
  for (const recent::RecordRef& record : records) {
    if (record->number > before->record || (is_tail && record->number < after->record)) continue;
    if (!runs.matches(store, record->run)) continue;
    std::vector<uint64_t> places = places_in(*record, *wanted, time);
    std::erase_if(places, [&](uint64_t place) {
      return (record->number == before->record && place >= before->index) ||
             (is_tail && record->number == after->record && place <= after->index);
    });
    const uint64_t left = wanted->limit - count;
    if (places.size() > left) {
      has_more = true;
      is_tail ? places.resize(left)
              : static_cast<void>(
                    places.erase(places.begin(), places.end() - static_cast<ptrdiff_t>(left)));
    }
    if (!places.empty()) {
      write_places(json, store, *record, places, !is_tail);
      count += places.size();
      last = {record->number, is_tail ? places.back() : places.front()};
    }
    if (has_more || time.is_over() || json.size() > kAnswerBytesMax) break;
    if (count == wanted->limit) {
      has_more = true;
      break;
    }
  }
  const bool goes_on = has_more || time.is_over() || json.size() > kAnswerBytesMax;
  json.close_list().key("next_cursor");
  goes_on && !is_tail && count != 0 ? json.text(last.to_text()) : json.null();
  // A tail continues behind its last record; where all was read, behind the newest request.
  const Cursor next{newest, UINT32_MAX};
  json.member("newest_cursor", (is_tail && goes_on ? last : next).to_text());
  json.flag("is_incomplete", time.is_over()).close_object();
  return json_reply(json);
}

}  // namespace millrace::extensions::console
