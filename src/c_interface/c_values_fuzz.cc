// Structures of the C interface with random contents are read as equal values, or refused when a
// number is outside its enumeration; a value that was read is admitted as one item.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "c_interface/values.h"
#include "library/encode_values.h"
#include "otlp/admit.h"
#include "wire/writer.h"

namespace {

using namespace millrace;
using namespace millrace::c_interface;

// Small, so that shared values exceed it; the value is then incomplete but can still be sent.
constexpr size_t kItemBytesMax = 20'000;

// Owns the objects that the structures point to; deques, so that these do not move.
struct Structures {
  std::deque<std::vector<millrace_value>> arrays;
  std::deque<std::vector<millrace_attribute>> maps;
  std::deque<std::vector<millrace_span_event>> events;
  std::deque<std::vector<millrace_span_link>> links;
};

millrace_text read_text(testing::FuzzInput& input) {
  const std::string_view text = input.text();
  // A null pointer is an empty text whatever its size field contains.
  if (text.empty() && input.flag()) return {nullptr, 17};
  return {text.data(), text.size()};
}

const std::vector<millrace_attribute>& read_attributes(testing::FuzzInput& input, Structures& all,
                                                       int depth);

millrace_value read_value(testing::FuzzInput& input, Structures& all, int depth) {
  millrace_value value = millrace_empty_value();
  // Includes types that do not exist.
  value.type = static_cast<millrace_value_type>(input.choice(10));
  switch (value.type) {
    case MILLRACE_VALUE_TEXT:
    case MILLRACE_VALUE_BYTES:
      value.as.text = read_text(input);
      break;
    case MILLRACE_VALUE_ARRAY: {
      auto& items = all.arrays.emplace_back();
      const size_t count = depth > 40 ? 0 : input.choice(4);
      items.reserve(count);  // must not move, because it may be shared before it is filled
      for (size_t i = 0; i < count; ++i) items.push_back(read_value(input, all, depth + 1));
      value.as.array = {items.data(), items.size()};
      // An element may be the array itself or another one, many times.
      for (millrace_value& item : items) {
        if (!input.flag()) continue;
        const auto& shared = all.arrays[input.choice(all.arrays.size())];
        item.type = MILLRACE_VALUE_ARRAY;
        item.as.array = {shared.data(), shared.size()};
      }
      break;
    }
    case MILLRACE_VALUE_MAP: {
      const auto& items = read_attributes(input, all, depth + 1);
      value.as.map = {items.data(), items.size()};
      break;
    }
    default:
      value.as.integer = static_cast<int64_t>(input.number(8));
  }
  return value;
}

const std::vector<millrace_attribute>& read_attributes(testing::FuzzInput& input, Structures& all,
                                                       int depth) {
  auto& attributes = all.maps.emplace_back();
  const size_t count = depth > 40 ? 0 : input.choice(4);
  for (size_t i = 0; i < count; ++i) {
    const millrace_text key = read_text(input);
    attributes.push_back({key, read_value(input, all, depth)});
  }
  return attributes;
}

void set_attributes(const std::vector<millrace_attribute>& from, const millrace_attribute*& items,
                    size_t& count) {
  items = from.data();
  count = from.size();
}

void check_admitted(Signal signal, std::span<const uint8_t> item) {
  // Request { ResourceX = 1 { ScopeX = 2 { item = 2 } } }
  wire::Writer writer(256);
  const auto resource = writer.open(1);
  const auto scope = writer.open(2);
  writer.bytes_field(2, item);
  writer.close(scope);
  writer.close(resource);
  const auto admitted = otlp::admit(signal, Bytes::copy_of(writer.view()).view());
  MILLRACE_CHECK(admitted.has_value() && admitted->item_count == 1);
}

template <class Item>
void check_encoded(Signal signal, const Item& item) {
  v1::detail::Encoder encoder(0);
  library::EncodeNotes notes;
  library::encode(item, {}, encoder, notes);
  MILLRACE_CHECK(!encoder.remarks().failed);
  check_admitted(signal, {encoder.begin(), encoder.size()});
}

void check_encoded(const v1::MetricPoint& point) {
  std::visit(
      [&point](const auto& data) {
        v1::MetricPointBuilder builder({.name = point.name, .unit = point.unit}, data, 1);
        library::EncodeNotes notes;
        v1::detail::Access::add_rest(builder, point, {}, notes);
        if (!v1::detail::Access::is_valid(builder)) return;
        const uint8_t* begin = v1::detail::Access::finish(builder, 1);
        MILLRACE_CHECK(!v1::detail::Access::encoder(builder).remarks().failed);
        check_admitted(Signal::kMetrics, {begin, v1::detail::Access::encoder(builder).at()});
      },
      point.data);
}

void check_span(testing::FuzzInput& input, Structures& all) {
  millrace_span span;
  millrace_span_init(&span, nullptr);
  span.name = read_text(input);
  span.trace_state = read_text(input);
  span.kind = static_cast<millrace_span_kind>(input.choice(8));
  span.status_code = static_cast<millrace_status_code>(input.choice(4));
  span.status_message = read_text(input);
  span.start_time_unix_nano = input.number(8);
  span.end_time_unix_nano = input.number(8);
  set_attributes(read_attributes(input, all, 0), span.attributes, span.attribute_count);
  auto& events = all.events.emplace_back();
  for (size_t i = input.choice(3); i > 0; --i) {
    millrace_span_event event{};
    event.name = read_text(input);
    event.time_unix_nano = input.number(8);
    set_attributes(read_attributes(input, all, 0), event.attributes, event.attribute_count);
    events.push_back(event);
  }
  span.events = events.data();
  span.event_count = events.size();
  auto& links = all.links.emplace_back();
  for (size_t i = input.choice(3); i > 0; --i) {
    millrace_span_link link{};
    link.trace_id[0] = input.byte();
    link.trace_state = read_text(input);
    set_attributes(read_attributes(input, all, 0), link.attributes, link.attribute_count);
    links.push_back(link);
  }
  span.links = links.data();
  span.link_count = links.size();
  if (input.choice(16) == 15) span.struct_size = input.byte();

  v1::Span read;
  Allowance allowance(kItemBytesMax);
  MILLRACE_CHECK(!read_span(nullptr, read, allowance));
  const bool is_read = read_span(&span, read, allowance);
  if (span.struct_size == sizeof span) {
    MILLRACE_CHECK(is_read == (span.kind <= MILLRACE_SPAN_CONSUMER &&
                               span.status_code <= MILLRACE_STATUS_ERROR));
  }
  if (!is_read) return;
  check_encoded(Signal::kTraces, read);
  if (allowance.is_exceeded()) return;
  MILLRACE_CHECK(read.name == as_text(span.name) && read.events.size() == span.event_count);
  MILLRACE_CHECK(read.attributes.size() == span.attribute_count);
  MILLRACE_CHECK(read.links.size() == span.link_count);
}

void check_record(testing::FuzzInput& input, Structures& all) {
  millrace_log_record record{};
  record.struct_size = sizeof record;
  record.severity = static_cast<uint32_t>(input.choice(28));
  record.severity_text = read_text(input);
  record.body = read_value(input, all, 0);
  record.event_name = read_text(input);
  set_attributes(read_attributes(input, all, 0), record.attributes, record.attribute_count);
  v1::LogRecord read;
  Allowance allowance(kItemBytesMax);
  const bool is_read = read_log_record(&record, read, allowance);
  MILLRACE_CHECK(is_read == (record.severity <= MILLRACE_SEVERITY_FATAL + 3));
  if (is_read) check_encoded(Signal::kLogs, read);
}

void check_point(testing::FuzzInput& input, Structures& all) {
  millrace_metric_point point{};
  point.struct_size = sizeof point;
  point.name = read_text(input);
  point.kind = static_cast<millrace_metric_kind>(input.choice(4));
  point.value = read_value(input, all, 50);
  point.temporality = static_cast<millrace_temporality>(input.choice(4));
  std::array<uint64_t, 8> counts{};
  std::array<double, 8> bounds{};
  for (uint64_t& count : counts) count = input.byte();
  point.bucket_count = input.choice(counts.size());
  point.bound_count = input.choice(bounds.size());
  if (input.choice(8) != 7) point.bucket_counts = counts.data();
  if (input.choice(8) != 7) point.explicit_bounds = bounds.data();
  set_attributes(read_attributes(input, all, 0), point.attributes, point.attribute_count);
  v1::MetricPoint read;
  Allowance allowance(kItemBytesMax);
  if (read_metric_point(&point, read, allowance)) check_encoded(read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  Structures all;
  switch (input.choice(3)) {
    case 0:
      check_span(input, all);
      break;
    case 1:
      check_record(input, all);
      break;
    default:
      check_point(input, all);
  }
  return 0;
}
