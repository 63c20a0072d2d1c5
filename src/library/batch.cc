// Batch: pieces for exporters that forward bytes, decoded values for exporters that read them.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/allocation_name.h"
#include "library/chunk_store.h"
#include "library/shared_batch.h"
#include "otlp/views.h"
#include "wire/protobuf.h"

namespace millrace::library {
namespace {

// Copies that the embedding program asked for and holds.
constexpr char kOfTheProgram[] = "constant copies for the program";

class RopeBatch final : public v1::Batch {
 public:
  RopeBatch(v1::Signal signal, uint32_t item_count, Rope bytes)
      : signal_(signal), item_count_(item_count), bytes_(std::move(bytes)) {
    pieces_.reserve(bytes_.pieces().size());
    for (const Bytes& piece : bytes_.pieces()) pieces_.push_back(piece.view());
  }
  v1::Signal signal() const noexcept override { return signal_; }
  uint32_t item_count() const noexcept override { return item_count_; }
  size_t byte_count() const noexcept override { return bytes_.size(); }
  std::span<const std::span<const uint8_t>> pieces() const noexcept override { return pieces_; }

 private:
  const v1::Signal signal_;
  const uint32_t item_count_;
  const Rope bytes_;
  std::vector<std::span<const uint8_t>> pieces_;  // views of bytes_
};

v1::Value value_of(const otlp::AnyValueView& view);

v1::Attribute attribute_of(otlp::MessageBytes key_value) {
  const auto view = otlp::KeyValueView::read(key_value);
  return {std::string(view.key), value_of(otlp::AnyValueView::read(view.value))};
}

v1::Value value_of(const otlp::AnyValueView& view) {
  using Type = otlp::AnyValueView::Type;
  switch (view.type) {
    case Type::kEmpty:
      break;
    case Type::kString:
      return view.text;
    case Type::kBool:
      return view.int_value != 0;
    case Type::kInt:
      return view.int_value;
    case Type::kDouble:
      return view.double_value;
    case Type::kBytes:
      return v1::Value::Bytes(view.text.begin(), view.text.end());
    case Type::kArray: {
      v1::Value::Array array;
      otlp::ElementReader elements(view);
      for (otlp::MessageBytes element; elements.next(&element);) {
        array.push_back(value_of(otlp::AnyValueView::read(element)));
      }
      return array;
    }
    case Type::kKvlist: {
      v1::Value::Map map;
      otlp::ElementReader elements(view);
      for (otlp::MessageBytes element; elements.next(&element);)
        map.push_back(attribute_of(element));
      return map;
    }
  }
  return {};
}

v1::Attributes attributes_of(otlp::MessageBytes message, uint32_t field_number) {
  v1::Attributes attributes;
  otlp::MessageReader reader(message, field_number);
  for (otlp::MessageBytes content; reader.next(&content);)
    attributes.push_back(attribute_of(content));
  return attributes;
}

template <class Id>
Id id_of(otlp::MessageBytes bytes) {
  Id id = {};
  if (bytes.size() == id.size()) std::memcpy(id.data(), bytes.data(), id.size());
  return id;
}

v1::Span span_of(otlp::MessageBytes bytes) {
  const auto view = otlp::SpanView::read(bytes);
  v1::Span span;
  span.trace_id = id_of<v1::TraceId>(view.trace_id);
  span.span_id = id_of<v1::SpanId>(view.span_id);
  span.parent_span_id = id_of<v1::SpanId>(view.parent_span_id);
  span.trace_state = view.trace_state;
  span.flags = view.flags;
  span.name = view.name;
  span.kind = static_cast<v1::SpanKind>(view.kind);
  span.start_time_unix_nano = view.start_time_unix_nano;
  span.end_time_unix_nano = view.end_time_unix_nano;
  span.attributes = attributes_of(bytes, otlp::kSpanAttributes);
  span.dropped_attributes_count = view.dropped_attributes_count;
  span.dropped_events_count = view.dropped_events_count;
  span.dropped_links_count = view.dropped_links_count;
  span.status = {static_cast<v1::StatusCode>(view.status_code), std::string(view.status_message)};
  otlp::MessageReader events(bytes, otlp::kSpanEvents);
  for (otlp::MessageBytes content; events.next(&content);) {
    const auto event = otlp::EventView::read(content);
    span.events.push_back({event.time_unix_nano, std::string(event.name),
                           attributes_of(content, otlp::kEventAttributes),
                           event.dropped_attributes_count});
  }
  otlp::MessageReader links(bytes, otlp::kSpanLinks);
  for (otlp::MessageBytes content; links.next(&content);) {
    const auto link = otlp::LinkView::read(content);
    span.links.push_back({id_of<v1::TraceId>(link.trace_id), id_of<v1::SpanId>(link.span_id),
                          std::string(link.trace_state),
                          attributes_of(content, otlp::kLinkAttributes),
                          link.dropped_attributes_count, link.flags});
  }
  return span;
}

v1::LogRecord log_record_of(otlp::MessageBytes bytes) {
  const auto view = otlp::LogRecordView::read(bytes);
  v1::LogRecord record;
  record.time_unix_nano = view.time_unix_nano;
  record.observed_time_unix_nano = view.observed_time_unix_nano;
  record.severity = static_cast<v1::Severity>(view.severity_number);
  record.severity_text = view.severity_text;
  record.body = value_of(view.body);
  record.attributes = attributes_of(bytes, otlp::kLogRecordAttributes);
  record.dropped_attributes_count = view.dropped_attributes_count;
  record.flags = view.flags;
  record.trace_id = id_of<v1::TraceId>(view.trace_id);
  record.span_id = id_of<v1::SpanId>(view.span_id);
  record.event_name = view.event_name;
  return record;
}

v1::Exemplar exemplar_of(otlp::MessageBytes bytes) {
  v1::Exemplar exemplar;
  wire::FieldReader reader(bytes);
  for (wire::Field field; reader.next(&field);) {
    if (field.is(2, wire::WireType::kI64)) exemplar.time_unix_nano = field.value;
    if (field.is(3, wire::WireType::kI64)) exemplar.value = field.as_double();
    if (field.is(4, wire::WireType::kLen)) exemplar.span_id = id_of<v1::SpanId>(field.bytes);
    if (field.is(5, wire::WireType::kLen)) exemplar.trace_id = id_of<v1::TraceId>(field.bytes);
    if (field.is(6, wire::WireType::kI64)) exemplar.value = static_cast<int64_t>(field.value);
  }
  exemplar.filtered_attributes = attributes_of(bytes, 7);
  return exemplar;
}

v1::Number number_of(const otlp::DataPointView& view) {
  if (view.as_double) return *view.as_double;
  return view.as_int.value_or(0);
}

// A number that is not a Temporality is kept as it is on the wire.
v1::Temporality temporality_of(const otlp::MetricView& metric) {
  return static_cast<v1::Temporality>(metric.aggregation_temporality);
}

void read_data(const otlp::MetricView& metric, otlp::DataPointView view, v1::MetricPoint& point) {
  switch (metric.type) {
    case otlp::MetricType::kNone:
      return;
    case otlp::MetricType::kGauge:
      point.data = v1::Gauge{number_of(view)};
      return;
    case otlp::MetricType::kSum:
      point.data = v1::Sum{number_of(view), temporality_of(metric), metric.is_monotonic};
      return;
    case otlp::MetricType::kHistogram:
      point.data = v1::Histogram{view.count,
                                 view.sum,
                                 view.min,
                                 view.max,
                                 std::move(view.bucket_counts),
                                 std::move(view.explicit_bounds),
                                 temporality_of(metric)};
      return;
    case otlp::MetricType::kExponentialHistogram:
      point.data =
          v1::ExponentialHistogram{view.count,
                                   view.sum,
                                   view.min,
                                   view.max,
                                   view.scale,
                                   view.zero_count,
                                   view.zero_threshold,
                                   {view.positive.offset, std::move(view.positive.bucket_counts)},
                                   {view.negative.offset, std::move(view.negative.bucket_counts)},
                                   temporality_of(metric)};
      return;
    case otlp::MetricType::kSummary: {
      v1::Summary summary{view.count, view.sum.value_or(0), {}};
      for (const auto& [quantile, value] : view.quantile_values) {
        summary.quantiles.push_back({quantile, value});
      }
      point.data = std::move(summary);
      return;
    }
  }
}

// The field number of the exemplars in data points of that type; 0: the type has none.
uint32_t point_exemplars(otlp::MetricType type) {
  switch (type) {
    case otlp::MetricType::kNone:
    case otlp::MetricType::kSummary:
      return 0;
    case otlp::MetricType::kGauge:
    case otlp::MetricType::kSum:
      return 5;
    case otlp::MetricType::kHistogram:
      return 8;
    case otlp::MetricType::kExponentialHistogram:
      return 11;
  }
  return 0;
}

void append_points(otlp::MessageBytes bytes, std::vector<v1::MetricPoint>& points) {
  const auto metric = otlp::MetricView::read(Bytes::copy_of(bytes));
  otlp::MessageReader reader(metric.data.view(), otlp::kDataPoints);
  for (otlp::MessageBytes content; reader.next(&content);) {
    auto view = otlp::DataPointView::read(metric.type, content);
    v1::MetricPoint& point = points.emplace_back();
    point.name = metric.name;
    point.description = metric.description;
    point.unit = metric.unit;
    point.start_time_unix_nano = view.start_time_unix_nano;
    point.time_unix_nano = view.time_unix_nano;
    point.flags = view.flags;
    point.attributes = attributes_of(content, otlp::point_attributes(metric.type));
    const uint32_t number = point_exemplars(metric.type);
    otlp::MessageReader exemplars(content, number);
    for (otlp::MessageBytes one; number != 0 && exemplars.next(&one);) {
      point.exemplars.push_back(exemplar_of(one));
    }
    read_data(metric, std::move(view), point);
  }
}

// Calls `see` with each item of the request.
template <class See>
void for_each_item(const v1::Batch& batch, See see) {
  const std::string bytes = batch.to_bytes();
  const Rope request(Bytes::copy_of(bytes));
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    otlp::ScopeReader scopes(resource);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      otlp::MessageReader items(scope.bytes.view(), otlp::kScopeItems);
      for (otlp::MessageBytes item; items.next(&item);) see(item);
    }
  }
}

}  // namespace

v1::BatchRef make_shared_batch(Signal signal, uint32_t item_count, Rope bytes) {
  // A program may keep a batch for longer than the collector and a worker's pool exist.
  const auto is_bound = [](const Bytes& piece) {
    const Chunk* chunk = piece.chunk().get();
    return chunk != nullptr && chunk->home != nullptr && !ChunkStore::is_of_a_store(*chunk);
  };
  if (std::ranges::any_of(bytes.pieces(), is_bound)) {
    const AllocationName name(kOfTheProgram);
    Rope free;
    for (const Bytes& piece : bytes.pieces()) {
      free.append(is_bound(piece) ? Bytes::copy_of(piece.view()) : piece);
    }
    bytes = std::move(free);
  }
  return std::make_shared<RopeBatch>(static_cast<v1::Signal>(index_of(signal)), item_count,
                                     std::move(bytes));
}

}  // namespace millrace::library

namespace millrace::v1 {

std::string Batch::to_bytes() const {
  const AllocationName name(library::kOfTheProgram);
  std::string whole;
  whole.reserve(byte_count());
  for (const std::span<const uint8_t> piece : pieces()) {
    whole.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  }
  return whole;
}

std::vector<Span> Batch::to_spans() const {
  const AllocationName name(library::kOfTheProgram);
  std::vector<Span> spans;
  if (signal() != Signal::kTraces) return spans;
  spans.reserve(item_count());
  library::for_each_item(*this,
                         [&](otlp::MessageBytes item) { spans.push_back(library::span_of(item)); });
  return spans;
}

std::vector<LogRecord> Batch::to_log_records() const {
  const AllocationName name(library::kOfTheProgram);
  std::vector<LogRecord> records;
  if (signal() != Signal::kLogs) return records;
  records.reserve(item_count());
  library::for_each_item(
      *this, [&](otlp::MessageBytes item) { records.push_back(library::log_record_of(item)); });
  return records;
}

std::vector<MetricPoint> Batch::to_metric_points() const {
  const AllocationName name(library::kOfTheProgram);
  std::vector<MetricPoint> points;
  if (signal() != Signal::kMetrics) return points;
  points.reserve(item_count());
  library::for_each_item(*this,
                         [&](otlp::MessageBytes item) { library::append_points(item, points); });
  return points;
}

}  // namespace millrace::v1
