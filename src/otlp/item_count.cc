#include "otlp/item_count.h"

#include "otlp/request_layout.h"
#include "otlp/schema.h"

namespace millrace::otlp {
namespace {

using wire::WireType;

// The cost of reading a field, in units of the pace.
constexpr size_t kFieldUnits = 5;

void tell(Pace* pace) {
  if (pace != nullptr) pace->step(kFieldUnits);
}

uint32_t count_fields(RopeReader& reader, size_t end, uint32_t wanted_tag, Pace* pace) {
  uint32_t count = 0;
  while (reader.position() < end) {
    tell(pace);
    const uint32_t tag = reader.read_tag();
    count += tag == wanted_tag;
    reader.skip_value(tag);
  }
  return count;
}

}  // namespace

uint32_t count_points_in_metric(RopeReader& reader, size_t end, Pace* pace) {
  uint32_t count = 0;
  uint32_t live_tag = 0;
  while (reader.position() < end) {
    tell(pace);
    const uint32_t tag = reader.read_tag();
    if (wire::wire_type_of(tag) != WireType::kLen || !is_metric_data(wire::field_number_of(tag))) {
      reader.skip_value(tag);
      continue;
    }
    if (tag != live_tag) count = 0;
    live_tag = tag;
    const size_t size = reader.read_varint();
    count += count_fields(reader, reader.position() + size, len_tag(kPointField), pace);
  }
  return count;
}

uint32_t count_items_in_scope(Signal signal, RopeReader& reader, size_t end, Pace* pace) {
  if (signal == Signal::kTraces || signal == Signal::kLogs) {
    return count_fields(reader, end, len_tag(kItemField), pace);
  }
  uint32_t count = 0;
  while (reader.position() < end) {
    tell(pace);
    const uint32_t tag = reader.read_tag();
    if (tag != len_tag(kItemField)) {
      reader.skip_value(tag);
      continue;
    }
    const size_t size = reader.read_varint();
    const size_t item_end = reader.position() + size;
    count += signal == Signal::kMetrics
                 ? count_points_in_metric(reader, item_end, pace)
                 : count_fields(reader, item_end, len_tag(kSampleField), pace);
  }
  return count;
}

uint32_t count_items_in_resource(Signal signal, RopeReader& reader, size_t end, Pace* pace) {
  uint32_t count = 0;
  while (reader.position() < end) {
    tell(pace);
    const uint32_t tag = reader.read_tag();
    if (tag != len_tag(kScopeField)) {
      reader.skip_value(tag);
      continue;
    }
    const size_t size = reader.read_varint();
    count += count_items_in_scope(signal, reader, reader.position() + size, pace);
  }
  return count;
}

uint32_t count_items(Signal signal, const Rope& request, Pace* pace) {
  RopeReader reader(request);
  uint32_t count = 0;
  while (!reader.done()) {
    const uint32_t tag = reader.read_tag();
    if (tag != len_tag(kResourceField)) {
      reader.skip_value(tag);
      continue;
    }
    const size_t size = reader.read_varint();
    count += count_items_in_resource(signal, reader, reader.position() + size, pace);
  }
  return count;
}

}  // namespace millrace::otlp
