#include "daemon/generate/count_items.h"

#include "wire/protobuf.h"

namespace millrace::load {
namespace {

using wire::Field;
using wire::FieldReader;
using wire::WireType;

// Calls `each` with the content of every length-delimited field `number` of `message`. False when
// `message` is invalid or `each` returns false.
template <class Each>
bool for_each_message(std::span<const uint8_t> message, uint32_t number, Each each) {
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (field.is(number, WireType::kLen) && !each(field.bytes)) return false;
  }
  return reader.ok();
}

struct ItemFields {
  uint32_t trace_id;
  uint32_t span_id;
  uint32_t time;
};
constexpr ItemFields kSpanFields = {1, 2, 7};
constexpr ItemFields kLogRecordFields = {9, 10, 1};

bool visit_item(std::span<const uint8_t> item, const ItemFields& numbers, ItemVisitor& visitor) {
  ItemView view;
  FieldReader reader(item);
  for (Field field; reader.next(&field);) {
    if (field.is(numbers.trace_id, WireType::kLen)) {
      view.trace_id = field.bytes;
    } else if (field.is(numbers.span_id, WireType::kLen)) {
      view.span_id = field.bytes;
    } else if (field.is(numbers.time, WireType::kI64)) {
      view.time_unix_nano = field.value;
    }
    // All SDKs write these fields early; the rest of the item need not be read.
    if (!view.span_id.empty() && !view.trace_id.empty() && view.time_unix_nano != 0) break;
  }
  if (reader.ok()) visitor.on_item(view);
  return reader.ok();
}

// Metric.data: all of its kinds have their points in field 1.
bool is_points_field(uint32_t number) {
  constexpr uint32_t kGauge = 5, kSum = 7, kHistogram = 9, kExponentialHistogram = 10,
                     kSummary = 11;
  return number == kGauge || number == kSum || number == kHistogram ||
         number == kExponentialHistogram || number == kSummary;
}

bool count_points(std::span<const uint8_t> metric, uint64_t& count) {
  FieldReader reader(metric);
  for (Field field; reader.next(&field);) {
    if (field.type != WireType::kLen || !is_points_field(field.number)) continue;
    const bool valid = for_each_message(field.bytes, 1, [&](std::span<const uint8_t>) {
      ++count;
      return true;
    });
    if (!valid) return false;
  }
  return reader.ok();
}

}  // namespace

std::optional<uint64_t> count_items(Signal signal, std::span<const uint8_t> request,
                                    ItemVisitor* visitor) {
  uint64_t count = 0;
  const ItemFields& fields = signal == Signal::kLogs ? kLogRecordFields : kSpanFields;
  // All signals have the same nesting: request.1 = resource, resource.2 = scope, scope.2 = item.
  const bool valid = for_each_message(request, 1, [&](std::span<const uint8_t> resource) {
    return for_each_message(resource, 2, [&](std::span<const uint8_t> scope) {
      return for_each_message(scope, 2, [&](std::span<const uint8_t> item) {
        if (signal == Signal::kMetrics) return count_points(item, count);
        ++count;
        if (visitor == nullptr || signal == Signal::kProfiles) return true;
        return visit_item(item, fields, *visitor);
      });
    });
  });
  return valid ? std::optional(count) : std::nullopt;
}

}  // namespace millrace::load
