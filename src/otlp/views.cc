#include "otlp/views.h"

#include <algorithm>

#include "base/allocation_name.h"
#include "otlp/key_value.h"
#include "otlp/schema.h"

namespace millrace::otlp {

namespace {

using wire::Field;
using wire::FieldReader;
using wire::WireType;

constexpr WireType kVarint = WireType::kVarint;
constexpr WireType kI64 = WireType::kI64;
constexpr WireType kI32 = WireType::kI32;
constexpr WireType kLen = WireType::kLen;

// A `case` label: the field with its proper wire type; with another type it is an unknown field.
constexpr uint32_t on(uint32_t number, WireType type) { return wire::make_tag(number, type); }
uint32_t tag_of(const Field& field) { return wire::make_tag(field.number, field.type); }

// Calls `visit` with each field of a message, in order.
template <class Visit>
void each_field(MessageBytes message, Pace* pace, const Visit& visit) {
  FieldReader reader(message);
  for (Field field; reader.next(&field);) {
    if (pace != nullptr) pace->step(kFieldUnits);
    visit(field);
  }
}

void read_status(MessageBytes status, Pace* pace, SpanView* into) {
  each_field(status, pace, [&](const Field& field) {
    if (field.is(3, kVarint)) into->status_code = static_cast<int32_t>(field.value);
    if (field.is(2, kLen)) into->status_message = field.text();
  });
}

Bytes slice_of(const Bytes& bytes, MessageBytes part) {
  return Bytes(bytes.chunk(), part.data(), part.size());
}

// The fields of that number in `part` of `owner`, joined. Looked through twice where there are
// several: a list of them would take ten times the bytes of small ones.
Bytes merged_from(const Bytes& owner, MessageBytes part, uint32_t field_number,
                  const ReadBounds& bounds) {
  size_t count = 0;
  size_t size = 0;
  MessageBytes last;
  MessageReader reader(part, field_number, bounds.pace);
  for (MessageBytes content; reader.next(&content);) {
    if (content.empty()) continue;
    ++count;
    size += content.size();
    last = content;
  }
  if (count == 0) return {};
  if (count == 1 || size > bounds.merged_bytes_max) return slice_of(owner, last);
  const AllocationName name("constant merged message");
  ChunkRef merged = ChunkRef::adopt(allocate_chunk(size));
  uint8_t* at = merged->data();
  MessageReader again(part, field_number, bounds.pace);
  for (MessageBytes content; again.next(&content);) {
    if (!content.empty()) at = std::copy(content.begin(), content.end(), at);
  }
  const uint8_t* const begin = merged->data();
  return Bytes(std::move(merged), begin, size);
}

}  // namespace

AnyValueView AnyValueView::read(MessageBytes any_value, Pace* pace) {
  AnyValueView view;
  // Nearly all: a text with a length of one byte.
  constexpr uint8_t kStringTag = 0x0a;
  if (any_value.size() >= 2 && any_value[0] == kStringTag && any_value[1] < 0x80 &&
      size_t{any_value[1]} + 2 == any_value.size()) {
    if (pace != nullptr) pace->step(kFieldUnits);
    view.type = Type::kString;
    view.text = as_text(any_value.subspan(2));
    return view;
  }
  uint32_t live = 0;
  each_field(any_value, pace, [&](const Field& field) {
    const auto become = [&](Type type) {
      view.type = type;
      live = field.number;
    };
    switch (tag_of(field)) {
      case on(1, kLen):
        become(Type::kString);
        view.text = field.text();
        break;
      case on(2, kVarint):
        become(Type::kBool);
        view.int_value = field.value != 0;
        break;
      case on(3, kVarint):
        become(Type::kInt);
        view.int_value = static_cast<int64_t>(field.value);
        break;
      case on(4, kI64):
        become(Type::kDouble);
        view.double_value = field.as_double();
        break;
      case on(5, kLen):
      case on(6, kLen):
        // Copies from the first of the merged members to the end.
        if (live != field.number) {
          view.members = {field.whole.data(), any_value.data() + any_value.size()};
        }
        become(field.number == 5 ? Type::kArray : Type::kKvlist);
        break;
      case on(7, kLen):
        become(Type::kBytes);
        view.text = field.text();
        break;
      case on(8, kVarint):  // string_value_strindex: only profiles have the table; ignored
        become(Type::kEmpty);
        break;
      default:
        break;
    }
  });
  return view;
}

ElementReader::ElementReader(const AnyValueView& value)
    : lists_(value.members, value.type == AnyValueView::Type::kArray ? 5 : 6), elements_({}, 1) {}

bool ElementReader::next(MessageBytes* element) {
  while (!elements_.next(element)) {
    MessageBytes list;
    if (!lists_.next(&list)) return false;
    elements_ = MessageReader(list, 1);
  }
  return true;
}

KeyValueView KeyValueView::read(MessageBytes key_value, Pace* pace) {
  if (const auto usual = read_short_key_value(key_value)) {
    if (pace != nullptr) pace->step(2 * kFieldUnits);
    return *usual;
  }
  KeyValueView view;
  each_field(key_value, pace, [&](const Field& field) {
    if (field.is(1, kLen)) view.key = field.text();
    if (!field.is(2, kLen)) return;
    if (__builtin_expect(view.value.data() != nullptr, 0)) view.is_split = true;
    view.value = field.bytes;
  });
  return view;
}

std::optional<AnyValueView> find_attribute(MessageBytes message, uint32_t field_number,
                                           std::string_view key, Pace* pace) {
  MessageReader attributes(message, field_number, pace);
  for (MessageBytes attribute; attributes.next(&attribute);) {
    const KeyValueView view = KeyValueView::read(attribute);
    if (view.key == key) return AnyValueView::read(view.value);
  }
  return std::nullopt;
}

Bytes merged_message(const Bytes& message, uint32_t field_number, const ReadBounds& bounds) {
  return merged_from(message, message.view(), field_number, bounds);
}

ResourceView ResourceView::read(Bytes resource_x, const ReadBounds& bounds) {
  ResourceView view;
  view.resource = merged_message(resource_x, 1, bounds);
  each_field(resource_x.view(), bounds.pace, [&](const Field& field) {
    if (field.is(3, kLen)) view.schema_url = field.text();
  });
  view.bytes = std::move(resource_x);
  return view;
}

bool ResourceReader::next(ResourceView* view) {
  while (!reader_.done()) {
    const uint32_t tag = reader_.read_tag();
    if (tag == on(1, kLen)) {
      const size_t size = reader_.read_varint();
      *view = ResourceView::read(reader_.take(size).to_bytes(), {});
      return true;
    }
    reader_.skip_value(tag);
  }
  return false;
}

ScopeView ScopeView::read(Bytes scope_x, const ReadBounds& bounds) {
  ScopeView view;
  view.scope = merged_message(scope_x, 1, bounds);
  each_field(view.scope.view(), bounds.pace, [&](const Field& field) {
    if (field.is(1, kLen)) view.name = field.text();
    if (field.is(2, kLen)) view.version = field.text();
  });
  each_field(scope_x.view(), bounds.pace, [&](const Field& field) {
    if (field.is(3, kLen)) view.schema_url = field.text();
  });
  view.bytes = std::move(scope_x);
  return view;
}

bool ScopeReader::next(ScopeView* view) {
  MessageBytes content;
  if (!scopes_.next(&content)) return false;
  *view = ScopeView::read(slice_of(bytes_, content), bounds_);
  return true;
}

SpanView SpanView::read(MessageBytes span, Pace* pace) {
  SpanView view;
  view.bytes = span;
  each_field(span, pace, [&](const Field& field) {
    switch (tag_of(field)) {
      case on(1, kLen):
        view.trace_id = field.bytes;
        break;
      case on(2, kLen):
        view.span_id = field.bytes;
        break;
      case on(3, kLen):
        view.trace_state = field.text();
        break;
      case on(4, kLen):
        view.parent_span_id = field.bytes;
        break;
      case on(5, kLen):
        view.name = field.text();
        break;
      case on(6, kVarint):
        view.kind = static_cast<int32_t>(field.value);
        break;
      case on(7, kI64):
        view.start_time_unix_nano = field.value;
        break;
      case on(8, kI64):
        view.end_time_unix_nano = field.value;
        break;
      case on(10, kVarint):
        view.dropped_attributes_count = static_cast<uint32_t>(field.value);
        break;
      case on(12, kVarint):
        view.dropped_events_count = static_cast<uint32_t>(field.value);
        break;
      case on(14, kVarint):
        view.dropped_links_count = static_cast<uint32_t>(field.value);
        break;
      case on(15, kLen):
        read_status(field.bytes, pace, &view);
        break;
      case on(16, kI32):
        view.flags = static_cast<uint32_t>(field.value);
        break;
      default:
        break;
    }
  });
  return view;
}

EventView EventView::read(MessageBytes event, Pace* pace) {
  EventView view;
  view.bytes = event;
  each_field(event, pace, [&](const Field& field) {
    switch (tag_of(field)) {
      case on(1, kI64):
        view.time_unix_nano = field.value;
        break;
      case on(2, kLen):
        view.name = field.text();
        break;
      case on(4, kVarint):
        view.dropped_attributes_count = static_cast<uint32_t>(field.value);
        break;
      default:
        break;
    }
  });
  return view;
}

LinkView LinkView::read(MessageBytes link, Pace* pace) {
  LinkView view;
  view.bytes = link;
  each_field(link, pace, [&](const Field& field) {
    switch (tag_of(field)) {
      case on(1, kLen):
        view.trace_id = field.bytes;
        break;
      case on(2, kLen):
        view.span_id = field.bytes;
        break;
      case on(3, kLen):
        view.trace_state = field.text();
        break;
      case on(5, kVarint):
        view.dropped_attributes_count = static_cast<uint32_t>(field.value);
        break;
      case on(6, kI32):
        view.flags = static_cast<uint32_t>(field.value);
        break;
      default:
        break;
    }
  });
  return view;
}

LogRecordView LogRecordView::read(MessageBytes log_record, Pace* pace) {
  LogRecordView view;
  view.bytes = log_record;
  each_field(log_record, pace, [&](const Field& field) {
    switch (tag_of(field)) {
      case on(1, kI64):
        view.time_unix_nano = field.value;
        break;
      case on(2, kVarint):
        view.severity_number = static_cast<int32_t>(field.value);
        break;
      case on(3, kLen):
        view.severity_text = field.text();
        break;
      case on(5, kLen):
        view.body = AnyValueView::read(field.bytes, pace);
        break;
      case on(7, kVarint):
        view.dropped_attributes_count = static_cast<uint32_t>(field.value);
        break;
      case on(8, kI32):
        view.flags = static_cast<uint32_t>(field.value);
        break;
      case on(9, kLen):
        view.trace_id = field.bytes;
        break;
      case on(10, kLen):
        view.span_id = field.bytes;
        break;
      case on(11, kI64):
        view.observed_time_unix_nano = field.value;
        break;
      case on(12, kLen):
        view.event_name = field.text();
        break;
      default:
        break;
    }
  });
  return view;
}

MetricView MetricView::read(Bytes metric, const ReadBounds& bounds) {
  MetricView view;
  const uint8_t* data_begin = nullptr;  // of the last run of one type
  each_field(metric.view(), bounds.pace, [&](const Field& field) {
    if (field.type != kLen) return;
    if (field.number == 1) view.name = field.text();
    if (field.number == 2) view.description = field.text();
    if (field.number == 3) view.unit = field.text();
    if (!is_metric_data(field.number)) return;
    const auto type = static_cast<MetricType>(field.number);
    if (view.type != type) data_begin = field.whole.data();
    view.type = type;
  });
  if (data_begin != nullptr) {
    view.data = merged_from(metric, {data_begin, metric.data() + metric.size()},
                            static_cast<uint32_t>(view.type), bounds);
  }
  FieldReader data(view.data.view());
  const bool has_temporality = view.type == MetricType::kSum ||
                               view.type == MetricType::kHistogram ||
                               view.type == MetricType::kExponentialHistogram;
  for (Field field; has_temporality && data.next(&field);) {
    if (bounds.pace != nullptr) bounds.pace->step(kFieldUnits);
    if (field.is(2, kVarint)) view.aggregation_temporality = static_cast<int32_t>(field.value);
    if (field.is(3, kVarint) && view.type == MetricType::kSum) view.is_monotonic = field.value != 0;
  }
  view.bytes = std::move(metric);
  return view;
}

}  // namespace millrace::otlp
