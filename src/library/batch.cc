// Batch: pieces for those who pass bytes on, decoded values for those who look.
#include <algorithm>
#include <cstring>
#include <utility>

#include "library/chunk_store.h"
#include "library/shared_batch.h"
#include "otlp/views.h"

namespace millrace::library {
namespace {

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
  std::vector<std::span<const uint8_t>> pieces_;  // of bytes_
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
  // A user may keep a batch for longer than there is a collector, and a worker's pool.
  const auto is_bound = [](const Bytes& piece) {
    const Chunk* chunk = piece.chunk().get();
    return chunk != nullptr && chunk->home != nullptr && !ChunkStore::is_of_a_store(*chunk);
  };
  if (std::ranges::any_of(bytes.pieces(), is_bound)) {
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
  std::string whole;
  whole.reserve(byte_count());
  for (const std::span<const uint8_t> piece : pieces()) {
    whole.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  }
  return whole;
}

std::vector<Span> Batch::to_spans() const {
  std::vector<Span> spans;
  if (signal() != Signal::kTraces) return spans;
  spans.reserve(item_count());
  library::for_each_item(*this,
                         [&](otlp::MessageBytes item) { spans.push_back(library::span_of(item)); });
  return spans;
}

std::vector<LogRecord> Batch::to_log_records() const {
  std::vector<LogRecord> records;
  if (signal() != Signal::kLogs) return records;
  records.reserve(item_count());
  library::for_each_item(
      *this, [&](otlp::MessageBytes item) { records.push_back(library::log_record_of(item)); });
  return records;
}

}  // namespace millrace::v1
