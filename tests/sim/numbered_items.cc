#include "tests/sim/numbered_items.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "otlp/example_requests.h"
#include "otlp/views.h"
#include "wire/protobuf.h"

namespace millrace::sim_test {
namespace {

uint64_t number_of(otlp::MessageBytes span_id) {
  uint64_t number = 0;
  for (const uint8_t byte : span_id) number = number << 8 | byte;
  return number;
}

Bytes slice_of(const Bytes& whole, otlp::MessageBytes part) {
  return whole.slice(static_cast<size_t>(part.data() - whole.data()), part.size());
}

// Reads the number from the eight bytes of span_id, which spans and log records have.
uint64_t number_in(otlp::MessageBytes message, uint32_t span_id_field) {
  wire::FieldReader fields(message);
  for (wire::Field field; fields.next(&field);) {
    if (field.is(span_id_field, wire::WireType::kLen)) return number_of(field.bytes);
  }
  return 0;
}

void add_points(Bytes metric, std::vector<NumberedItem>& items) {
  const otlp::MetricView view = otlp::MetricView::read(std::move(metric));
  otlp::MessageReader points(view.data.view(), otlp::kDataPoints);
  for (otlp::MessageBytes point; points.next(&point);) {
    const auto read = otlp::DataPointView::read(view.type, point);
    items.push_back({static_cast<uint64_t>(read.as_int.value_or(0)), slice_of(view.data, point)});
  }
}

void add_item(Signal signal, Bytes message, std::vector<NumberedItem>& items) {
  constexpr uint32_t kSpanSpanId = 2;
  constexpr uint32_t kLogRecordSpanId = 10;
  switch (signal) {
    case Signal::kTraces:
      items.push_back({number_in(message.view(), kSpanSpanId), std::move(message)});
      break;
    case Signal::kLogs:
      items.push_back({number_in(message.view(), kLogRecordSpanId), std::move(message)});
      break;
    case Signal::kMetrics:
      add_points(std::move(message), items);
      break;
    case Signal::kProfiles:
      break;
  }
}

}  // namespace

NumberedRequest make_request(Signal signal, uint64_t first_number, uint32_t items_about,
                             Random& random) {
  otlp::ExampleShape shape;
  shape.resources = 1 + static_cast<uint32_t>(random.below(2));
  shape.scopes = 1 + static_cast<uint32_t>(random.below(2));
  if (signal == Signal::kMetrics) shape.points = 1 + static_cast<uint32_t>(random.below(3));
  const uint32_t each = shape.resources * shape.scopes * shape.points;
  shape.items = std::max<uint32_t>(1, items_about / each);
  NumberedRequest request;
  request.message = otlp::example_request(signal, shape, first_number);
  request.items = read_items(signal, request.message);
  return request;
}

std::vector<NumberedItem> read_items(Signal signal, const Bytes& message) {
  std::vector<NumberedItem> items;
  const Rope request(message);
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    otlp::ScopeReader scopes(resource);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      otlp::MessageReader reader(scope.bytes.view(), otlp::kScopeItems);
      for (otlp::MessageBytes item; reader.next(&item);) {
        add_item(signal, slice_of(scope.bytes, item), items);
      }
    }
  }
  return items;
}

std::vector<std::string> fields_without_edit(const Bytes& span) {
  std::vector<std::string> kept;
  wire::FieldReader fields(span.view());
  for (wire::Field field; fields.next(&field);) {
    const bool is_edit = field.is(otlp::kSpanAttributes, wire::WireType::kLen) &&
                         otlp::KeyValueView::read(field.bytes).key == kEditKey;
    if (!is_edit) kept.emplace_back(as_text(field.whole));
  }
  std::ranges::sort(kept);
  return kept;
}

std::string edit_of(const Bytes& span) {
  const auto edit = otlp::find_attribute(span.view(), otlp::kSpanAttributes, kEditKey);
  return edit ? otlp::to_text(*edit) : std::string();
}

bool is_filtered(Signal signal, uint64_t number) {
  const uint64_t digit = number & 15;
  return signal != Signal::kMetrics && (digit == 0 || digit == 5 || digit == 10);
}

}  // namespace millrace::sim_test
