#include "extensions/console/trace_index.h"

#include <algorithm>

#include "extensions/console/scan.h"

namespace millrace::extensions::console {
namespace {

constexpr int32_t kStatusError = 2;
constexpr size_t kNameBytesMax = 256;

void note_span(TraceSummary& trace, const otlp::ResourceView& resource,
               const otlp::SpanView& span) {
  ++trace.span_count;
  if (span.status_code == kStatusError) ++trace.error_count;
  trace.start = std::min(trace.start, span.start_time_unix_nano);
  trace.end = std::max({trace.end, span.end_time_unix_nano, span.start_time_unix_nano});
  const std::string_view service = service_of(resource).substr(0, kNameBytesMax);
  if (trace.services.size() < TraceIndex::kServicesMax &&
      std::ranges::find(trace.services, service) == trace.services.end()) {
    trace.services.emplace_back(service);
  }
  const bool is_root = span.parent_span_id.empty();
  if (trace.has_root && !is_root) return;
  if (trace.has_root == is_root && span.start_time_unix_nano >= trace.root_start) return;
  trace.has_root = is_root;
  trace.root_start = span.start_time_unix_nano;
  trace.root_service = shown(service);
  trace.root_operation = shown(span.name.substr(0, kNameBytesMax));
}

}  // namespace

void TraceIndex::update() {
  constexpr size_t kRecordsAtOnce = 256;
  const uint64_t oldest = store_.oldest_number();
  while (!places_.empty() && places_.front().record < oldest) forget_first();
  for (;;) {
    const auto records = store_.newer_than(last_number_, kRecordsAtOnce);
    if (records.empty()) return;
    for (const recent::RecordRef& record : records) {
      last_number_ = record->number;
      if (record->signal == Signal::kTraces) add(*record);
    }
  }
}

void TraceIndex::add(const recent::Record& record) {
  for_each_item(record, [&](const otlp::ResourceView& resource, const otlp::ScopeView&,
                            otlp::MessageBytes item) {
    const otlp::SpanView span = otlp::SpanView::read(item);
    std::string id(as_text(span.trace_id));
    TraceSummary& trace = traces_[id];
    if (trace.id.empty()) {
      trace.id = id;
      trace.pipeline = record.pipeline;
    }
    if (trace.records.empty() || trace.records.back() != record.number) {
      trace.records.push_back(record.number);
      trace.order = ++last_order_;
      trace.seen_at = record.received_at;
      trace.run = record.run;
      places_.push_back({record.number, std::move(id)});
    }
    if (trace.pipeline == record.pipeline) note_span(trace, resource, span);
    while (traces_.size() > kTracesMax || places_.size() > kPlacesMax) forget_first();
    return true;
  });
}

// The trace goes with the last request that holds a part of it.
void TraceIndex::forget_first() {
  const auto found = traces_.find(places_.front().trace);
  if (found != traces_.end()) {
    std::erase(found->second.records, places_.front().record);
    if (found->second.records.empty()) traces_.erase(found);
  }
  places_.pop_front();
}

const TraceSummary* TraceIndex::find(const std::string& id) const {
  const auto found = traces_.find(id);
  return found == traces_.end() ? nullptr : &found->second;
}

std::vector<const TraceSummary*> TraceIndex::newest_first() const {
  std::vector<const TraceSummary*> traces;
  traces.reserve(traces_.size());
  for (const auto& [id, trace] : traces_) traces.push_back(&trace);
  std::ranges::sort(traces, std::ranges::greater(), &TraceSummary::order);
  return traces;
}

std::vector<recent::RecordRef> TraceIndex::records_of(const TraceSummary& trace) const {
  std::vector<recent::RecordRef> records;
  for (const uint64_t number : trace.records) {
    auto found = store_.newer_than(number - 1, 1);
    if (!found.empty() && found.front()->number == number) records.push_back(found.front());
  }
  return records;
}

}  // namespace millrace::extensions::console
