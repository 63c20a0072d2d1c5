// For any content of a span, record or point, by value or builder, exactly one item passes
// admission; if nothing had to be repaired, cut or skipped, it decodes to the same values.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "library/encode_values.h"
#include "library/prefix.h"
#include "library/shared_batch.h"
#include "otlp/admit.h"

namespace {

using namespace millrace;
using namespace millrace::library;
using v1::detail::Access;
using v1::detail::Encoder;

double read_double(testing::FuzzInput& input) {
  const uint64_t bits = input.number(8);
  double number = 0;
  std::memcpy(&number, &bits, sizeof number);
  return std::isnan(number) ? 0.5 : number;  // a NaN does not equal itself
}

v1::Value read_value(testing::FuzzInput& input, int depth) {
  switch (input.choice(depth > 20 ? 6 : 9)) {
    case 0:
      return {};
    case 1:
      return static_cast<int64_t>(input.number(8));
    case 2:
      return input.flag();
    case 3:
      return read_double(input);
    case 4: {
      const std::string_view bytes = input.text();
      return v1::Value::Bytes(bytes.begin(), bytes.end());
    }
    case 5:
      return input.text();
    case 6: {
      v1::Value::Array array;
      for (size_t i = input.choice(4); i > 0; --i) array.push_back(read_value(input, depth + 1));
      return array;
    }
    case 7: {
      v1::Value::Map map;
      for (size_t i = input.choice(4); i > 0; --i) {
        map.push_back({std::string(input.text()), read_value(input, depth + 1)});
      }
      return map;
    }
    default: {
      v1::Value deep = "core";
      for (size_t i = input.choice(32); i > 0; --i) deep = v1::Value(v1::Value::Array{deep});
      return deep;
    }
  }
}

v1::Attributes read_attributes(testing::FuzzInput& input) {
  v1::Attributes attributes;
  for (size_t i = input.choice(5); i > 0; --i) {
    attributes.push_back({std::string(input.text()), read_value(input, 0)});
  }
  return attributes;
}

template <class Id>
Id read_id(testing::FuzzInput& input) {
  Id id;
  for (uint8_t& byte : id) byte = input.byte();
  id[0] |= 1;  // ids of zeros are replaced by random ones
  return id;
}

v1::Span read_span(testing::FuzzInput& input) {
  v1::Span span;
  span.trace_id = read_id<v1::TraceId>(input);
  span.span_id = read_id<v1::SpanId>(input);
  span.name = input.text();
  span.trace_state = input.text();
  span.kind = static_cast<v1::SpanKind>(input.choice(6));
  span.flags = static_cast<uint32_t>(input.number(4));
  span.start_time_unix_nano = input.number(8);
  span.end_time_unix_nano = input.number(8);
  span.attributes = read_attributes(input);
  for (size_t i = input.choice(3); i > 0; --i) {
    span.events.push_back({.time_unix_nano = input.number(8),
                           .name = std::string(input.text()),
                           .attributes = read_attributes(input)});
  }
  for (size_t i = input.choice(3); i > 0; --i) {
    span.links.push_back({.trace_id = read_id<v1::TraceId>(input),
                          .span_id = read_id<v1::SpanId>(input),
                          .trace_state = std::string(input.text()),
                          .attributes = read_attributes(input)});
  }
  span.status = {static_cast<v1::StatusCode>(input.choice(3)), std::string(input.text())};
  return span;
}

v1::LogRecord read_record(testing::FuzzInput& input) {
  v1::LogRecord record;
  record.time_unix_nano = input.number(8);
  record.observed_time_unix_nano = input.number(8) | 1;
  record.severity = static_cast<v1::Severity>(input.choice(25));
  record.severity_text = input.text();
  record.body = read_value(input, 0);
  record.attributes = read_attributes(input);
  record.trace_id = read_id<v1::TraceId>(input);
  record.span_id = read_id<v1::SpanId>(input);
  record.event_name = input.text();
  return record;
}

v1::MetricPoint read_point(testing::FuzzInput& input) {
  v1::MetricPoint point;
  point.name = input.text();
  point.unit = input.text();
  point.start_time_unix_nano = input.number(8);
  point.time_unix_nano = input.number(8) | 1;
  point.attributes = read_attributes(input);
  const size_t kind = input.choice(3);
  if (kind == 0) point.data = v1::Gauge{read_double(input)};
  if (kind == 1) point.data = v1::Sum{.value = static_cast<int64_t>(input.number(8))};
  if (kind == 2) {
    v1::Histogram histogram{.count = input.number(8)};
    const size_t buckets = input.choice(6);
    for (size_t i = 0; i < buckets; ++i) histogram.bucket_counts.push_back(input.number(2));
    for (size_t i = 1; i < buckets; ++i)
      histogram.explicit_bounds.push_back(static_cast<double>(i));
    point.data = histogram;
  }
  return point;
}

// The request of one item, as the feeder makes it, after admission.
v1::BatchRef admitted(Signal signal, std::span<const uint8_t> item) {
  static const Prefix prefix({{"service.name", "shop"}}, "scope", "1.0");
  auto chunk = ChunkRef::adopt(allocate_chunk(prefix.bytes_max() + item.size() + 16));
  uint8_t* const first = chunk->data() + prefix.bytes_max();
  uint8_t* at = first;
  *at++ = 0x12;
  at = v1::detail::put_varint(at, item.size());
  if (!item.empty()) std::memcpy(at, item.data(), item.size());
  at += item.size();
  const uint8_t* begin = prefix.write_before(first, static_cast<size_t>(at - first));
  Bytes request(chunk, begin, static_cast<size_t>(at - begin));
  const auto admission = otlp::admit(signal, request.view());
  MILLRACE_CHECK(admission.has_value() && admission->item_count == 1);
  return make_shared_batch(signal, 1, Rope(std::move(request)));
}

bool is_untouched(Encoder& encoder, const EncodeNotes& notes) {
  return encoder.remarks().repaired_texts == 0 && encoder.remarks().skipped == 0 &&
         notes.corrected_times == 0 && notes.truncated_values == 0;
}

template <class Item, class Decode>
void check(Signal signal, const Item& item, const EncodeLimits& limits, Decode decode) {
  Encoder encoder(0);
  EncodeNotes notes;
  encode(item, limits, encoder, notes);
  MILLRACE_CHECK(!encoder.remarks().failed);
  const v1::BatchRef batch = admitted(signal, {encoder.begin(), encoder.size()});
  const auto decoded = decode(*batch);
  MILLRACE_CHECK(decoded.size() == 1);
  if (is_untouched(encoder, notes)) MILLRACE_CHECK(decoded.front() == item);
}

void check_point(const v1::MetricPoint& point, const EncodeLimits& limits) {
  const v1::Metric metric{.name = point.name, .unit = point.unit, .description = point.description};
  std::visit(
      [&](const auto& data) {
        v1::MetricPointBuilder builder(metric, data, point.time_unix_nano);
        EncodeNotes notes;
        Access::add_rest(builder, point, limits, notes);
        if (!Access::is_valid(builder)) return;
        const uint8_t* begin = Access::finish(builder, 0);
        Encoder& encoder = Access::encoder(builder);
        MILLRACE_CHECK(!encoder.remarks().failed);
        const auto points = admitted(Signal::kMetrics, {begin, encoder.at()})->to_metric_points();
        MILLRACE_CHECK(points.size() == 1);
        if (is_untouched(encoder, notes)) MILLRACE_CHECK(points.front() == point);
      },
      point.data);
}

// The same span through the builder.
void check_builder(const v1::Span& span) {
  v1::SpanBuilder builder(span.name, span.start_time_unix_nano);
  builder.set_trace_id(span.trace_id).set_span_id(span.span_id).set_kind(span.kind);
  builder.set_trace_state(span.trace_state).set_status(span.status.code, span.status.message);
  for (const v1::Attribute& each : span.attributes) builder.set(each.key, each.value);
  for (const v1::SpanEvent& event : span.events)
    builder.add_event(event.name, event.time_unix_nano);
  for (const v1::SpanLink& link : span.links) builder.add_link(link.trace_id, link.span_id);
  builder.set_end(span.end_time_unix_nano);
  EncodeNotes notes;
  const uint8_t* begin = Access::finish(builder, notes);
  Encoder& encoder = Access::encoder(builder);
  MILLRACE_CHECK(!encoder.remarks().failed);
  const auto spans = admitted(Signal::kTraces, {begin, encoder.at()})->to_spans();
  if (!is_untouched(encoder, notes)) return;
  MILLRACE_CHECK(spans.front().name == span.name && spans.front().kind == span.kind);
  MILLRACE_CHECK(spans.front().attributes == span.attributes);
  MILLRACE_CHECK(spans.front().events.size() == span.events.size());
  MILLRACE_CHECK(spans.front().links.size() == span.links.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  const EncodeLimits limits{.value_length_max = static_cast<uint32_t>(input.choice(32))};
  switch (input.choice(3)) {
    case 0: {
      const v1::Span span = read_span(input);
      check(Signal::kTraces, span, limits, [](const auto& batch) { return batch.to_spans(); });
      check_builder(span);
      break;
    }
    case 1:
      check(Signal::kLogs, read_record(input), limits,
            [](const auto& batch) { return batch.to_log_records(); });
      break;
    default:
      check_point(read_point(input), limits);
  }
  return 0;
}
