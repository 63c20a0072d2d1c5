#include <algorithm>
#include <limits>
#include <unordered_set>

#include "extensions/console/collector_pages.h"
#include "extensions/console/guard.h"
#include "extensions/console/run_filter.h"
#include "extensions/console/telemetry_pages.h"

namespace millrace::extensions::console {
namespace {

constexpr double kNanosecondsInAMillisecond = 1e6;

struct Wanted {
  std::string service;
  std::string operation;
  double least_ns = 0;
  double most_ns = std::numeric_limits<double>::infinity();
  bool only_errors = false;
  std::vector<AttributeFilter> filters;
  std::string sort = "recent";
  uint64_t limit = 100;
  uint64_t cursor = UINT64_MAX;  // recent: below this order; else: the number of traces to pass by
};

Result<Wanted> read_wanted(const Query& query) {
  Wanted wanted;
  wanted.service = query.text("service");
  wanted.operation = query.text("operation");
  wanted.filters = read_filters(query.all("attribute"));
  if (query.has("sort")) wanted.sort = query.text("sort");
  if (wanted.sort != "recent" && wanted.sort != "duration" && wanted.sort != "errors") {
    return fail(Code::kInvalidArgument, "sort: expected recent, duration or errors");
  }
  const auto least = query.real("min_duration_ms", 0);
  const auto most = query.real("max_duration_ms", std::numeric_limits<double>::infinity());
  const auto errors = query.boolean("error", false);
  const auto limit = query.number("limit", wanted.limit, 1, 500);
  const auto cursor =
      query.number("cursor", wanted.sort == "recent" ? UINT64_MAX : 0, 0, UINT64_MAX);
  if (!least) return fail(least.error());
  if (!most) return fail(most.error());
  if (!errors) return fail(errors.error());
  if (!limit) return fail(limit.error());
  if (!cursor) return fail(cursor.error());
  wanted.least_ns = *least * kNanosecondsInAMillisecond;
  wanted.most_ns = *most * kNanosecondsInAMillisecond;
  wanted.only_errors = *errors;
  wanted.limit = *limit;
  wanted.cursor = *cursor;
  return wanted;
}

// The ids of the traces with a span that has the operation and all attributes.
std::unordered_set<std::string> find_by_span(const recent::Store& store, const Wanted& wanted,
                                             ScanTime& time) {
  std::unordered_set<std::string> found;
  for (const recent::RecordRef& record : store.newest_first(Signal::kTraces)) {
    for_each_item(*record, [&](const otlp::ResourceView& resource, const otlp::ScopeView& scope,
                               otlp::MessageBytes item) {
      if (time.is_over()) return false;
      const otlp::SpanView span = otlp::SpanView::read(item);
      if (!wanted.operation.empty() && span.name != wanted.operation) return true;
      if (!matches(wanted.filters, item, otlp::kSpanAttributes, resource, scope)) return true;
      found.emplace(as_text(span.trace_id));
      return true;
    });
  }
  return found;
}

bool matches_summary(const TraceSummary& trace, const Wanted& wanted) {
  if (wanted.only_errors && trace.error_count == 0) return false;
  const double duration = trace.duration_ns();
  if (duration < wanted.least_ns || duration > wanted.most_ns) return false;
  return wanted.service.empty() ||
         std::ranges::find(trace.services, wanted.service) != trace.services.end();
}

void write(JsonWriter& json, const recent::Store& store, const TraceSummary& trace) {
  json.open_object().member("trace_id", hex(as_span(trace.id)));
  json.member("root_service", trace.root_service).member("root_operation", trace.root_operation);
  json.flag("has_root", trace.has_root).nanoseconds("start_unix_nano", trace.start);
  json.key("duration_ns").real(trace.duration_ns());
  json.count("span_count", trace.span_count).count("error_count", trace.error_count);
  json.key("services").open_list();
  for (const std::string& service : trace.services) json.text(service);
  json.close_list().key("seen_at_ms").signed_number(trace.seen_at.time_since_epoch() / 1ms);
  write_run(json.key("run"), store, trace.run);
  json.close_object();
}

}  // namespace

transport::PageReply trace_list(const TraceIndex& index, const recent::Store& store,
                                const Query& query, ScanTime time) {
  const Result<Wanted> read = read_wanted(query);
  if (!read) return bad_request(read.error());
  const Wanted& wanted = *read;
  std::vector<const TraceSummary*> traces = index.newest_first();
  const RunFilter runs(query);
  std::erase_if(traces, [&](const TraceSummary* trace) {
    return !runs.matches(store, trace->run) || !matches_summary(*trace, wanted);
  });
  if (!wanted.operation.empty() || !wanted.filters.empty()) {
    const auto found = find_by_span(store, wanted, time);
    std::erase_if(traces, [&](const TraceSummary* trace) { return !found.contains(trace->id); });
  }
  if (wanted.sort == "recent") {
    std::erase_if(traces, [&](const TraceSummary* trace) { return trace->order >= wanted.cursor; });
  } else {
    const bool by_duration = wanted.sort == "duration";
    const auto weight = [&](const TraceSummary* trace) {
      return by_duration ? trace->duration_ns() : static_cast<double>(trace->error_count);
    };
    std::ranges::sort(traces, [&](const TraceSummary* a, const TraceSummary* b) {
      return std::pair(weight(a), a->order) > std::pair(weight(b), b->order);
    });
    traces.erase(traces.begin(), traces.begin() + static_cast<ptrdiff_t>(std::min<uint64_t>(
                                                      wanted.cursor, traces.size())));
  }
  const bool has_more = traces.size() > wanted.limit;
  if (has_more) traces.resize(wanted.limit);
  JsonWriter json;
  json.open_object().key("traces").open_list();
  for (const TraceSummary* trace : traces) write(json, store, *trace);
  json.close_list().key("next_cursor");
  if (!has_more) {
    json.null();
  } else if (wanted.sort == "recent") {
    json.text(std::to_string(traces.back()->order));
  } else {
    json.text(std::to_string(wanted.cursor + traces.size()));
  }
  json.flag("is_incomplete", time.is_over()).count("trace_count", index.size()).close_object();
  return json_reply(json);
}

}  // namespace millrace::extensions::console
