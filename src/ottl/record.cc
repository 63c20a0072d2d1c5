#include "ottl/record.h"

#include <algorithm>
#include <span>

#include "ottl/conversion.h"
#include "ottl/record_writer.h"
#include "ottl/wire_values.h"

namespace millrace::ottl {
namespace {

using V = Value::Type;

constexpr std::string_view kKindNames[] = {"Unspecified", "Internal", "Server",
                                           "Client",      "Producer", "Consumer"};
constexpr std::string_view kDeprecatedKindNames[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                                     "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                                     "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER"};

// The field that a derived path reads and writes: `kind.string` is `kind`.
Field stored_field(Field field) {
  switch (field) {
    case Field::kKindString:
    case Field::kKindDeprecatedString:
      return Field::kKind;
    case Field::kTraceIdString:
      return Field::kTraceId;
    case Field::kSpanIdString:
      return Field::kSpanId;
    case Field::kParentSpanIdString:
      return Field::kParentSpanId;
    case Field::kStartTime:
      return Field::kStartTimeUnixNano;
    case Field::kEndTime:
      return Field::kEndTimeUnixNano;
    case Field::kTime:
      return Field::kTimeUnixNano;
    case Field::kObservedTime:
      return Field::kObservedTimeUnixNano;
    case Field::kBodyString:
      return Field::kBody;
    default:
      return field;
  }
}

bool is_time(Field field) {
  return field == Field::kTime || field == Field::kStartTime || field == Field::kEndTime ||
         field == Field::kObservedTime;
}

// Fields that a metric ignores where its type has none, as in otelcol.
Value::Type ignored_type(Field field) {
  switch (field) {
    case Field::kAggregationTemporality:
      return V::kInt;
    case Field::kIsMonotonic:
      return V::kBool;
    default:
      return V::kMessages;
  }
}
bool can_be_ignored(Context context, Field field) {
  return context == Context::kMetric &&
         (field == Field::kAggregationTemporality || field == Field::kIsMonotonic ||
          field == Field::kDataPoints);
}

std::string wrong_type(V wanted, V found) {
  return "expected " + std::string(type_name(wanted)) + ", found " + std::string(type_name(found));
}

}  // namespace

void Record::reset(Context context, otlp::MessageBytes bytes, otlp::MessageBytes around,
                   otlp::MetricType type, int64_t index) {
  context_ = context;
  type_ = type;
  received_type_ = type;
  index_ = index;
  bytes_ = bytes;
  around_ = around;
  message_index_ = nullptr;
  changes_.clear();
}

void Record::move_changes(Scratch& into) {
  for (FieldChange& change : changes_) change.value = copy_deep(change.value, into, bytes_);
}

void Record::change_type(otlp::MetricType type) {
  std::erase_if(changes_, [](const FieldChange& change) {
    return change.field == Field::kAggregationTemporality || change.field == Field::kIsMonotonic;
  });
  type_ = type;
  set_change(Field::kType, Value());
}

const Value* Record::find_change(Field field) const {
  const auto found = std::ranges::find(changes_, field, &FieldChange::field);
  return found == changes_.end() ? nullptr : &found->value;
}

bool Record::has_change_within(uint32_t number) const {
  return std::ranges::any_of(changes_, [&](const FieldChange& change) {
    const WireField* const known = find_wire_field(context_, type_, change.field);
    return known != nullptr && known->within == number;
  });
}

void Record::set_change(Field field, const Value& value) {
  revision_++;
  const auto before = std::ranges::find(changes_, field, &FieldChange::field);
  if (before != changes_.end()) {
    before->value = value;
  } else {
    changes_.push_back({field, value});
  }
}

Value Record::read(Field field, Scratch& scratch) const {
  const Field stored = stored_field(field);
  if (field == stored) return read_stored(field, scratch);
  return read_derived(field, read_stored(stored, scratch), scratch);
}

Value Record::read_derived(Field field, const Value& value, Scratch& scratch) const {
  const auto kind = static_cast<size_t>(value.number);
  switch (field) {
    case Field::kKindString:
      return Value::of_string(kind < std::size(kKindNames) ? kKindNames[kind] : "");
    case Field::kKindDeprecatedString:
      return Value::of_string(kind < std::size(kKindNames) ? kDeprecatedKindNames[kind] : "");
    case Field::kTraceIdString:
    case Field::kSpanIdString:
    case Field::kParentSpanIdString:
      return Value::of_string(scratch.keep(to_hex(value.text)));
    case Field::kBodyString:
      return Value::of_string(scratch.keep(attribute_text(value)));
    default:
      return value.is_nil() ? value : Value::of_time(value.number);
  }
}

bool Record::read_entry(Field map, std::string_view key, Scratch& scratch, Value* value) const {
  if (find_change(map) == nullptr) {
    const WireField* const known = find_wire_field(context_, type_, map);
    if (known != nullptr && known->encoding == Encoding::kAttributes) {
      return read_received_entry(*known, key, value);
    }
  }
  const Value whole = read_stored(map, scratch);
  if (!whole.is(V::kMap)) return false;
  const auto found = find_entry(whole, key);
  if (found) *value = *found;
  return found.has_value();
}

bool Record::read_received_entry(const WireField& known, std::string_view key, Value* value) const {
  if (known.field == Field::kAttributes && is_indexed()) {
    const ReceivedEntry* const entry = message_index_->find(key);
    if (entry != nullptr) *value = entry->value();
    return entry != nullptr;
  }
  const wire::LenField found = otlp::find_key_value(bytes_, known.number, key);
  if (found.bytes.data() == nullptr) return false;
  *value = Value::of_any(otlp::read_key_value(found.bytes).value);
  return true;
}

bool Record::is_indexed() const {
  return message_index_ != nullptr && message_index_->is_ready([&] {
    const WireField* const attributes = find_wire_field(context_, type_, Field::kAttributes);
    return attributes == nullptr ? 0 : attributes->number;
  });
}

// False: the message must be searched.
bool Record::read_indexed(const WireField& known, Scratch& scratch, Value* value) const {
  if (!is_read_alone(known) || !is_indexed()) return false;
  const uint32_t number = known.within != 0 ? known.within : known.number;
  if (!message_index_->has(number)) return true;
  if (message_index_->has_several(number)) return false;
  const otlp::MessageBytes last = message_index_->from_last(number);
  wire::Field field;
  if (const size_t size = last.size() < 2 ? 0 : wire::short_field_size(last.data(), last.size())) {
    field = wire::read_short_field(last.data(), size);
  } else if (!wire::FieldReader(last).next(&field)) {
    return false;
  }
  if (known.within == 0) {
    read_wire_part(field, known, scratch, value);
  } else if (field.type == wire::WireType::kLen) {
    read_wire_field(field.bytes, known, scratch, value);
  }
  return true;
}

Value Record::read_stored(Field field, Scratch& scratch) const {
  const WireField* const known = find_wire_field(context_, type_, field);
  if (known == nullptr) {
    if (field == Field::kEventIndex) return Value::of_int(index_);
    if (field != Field::kType) return {};
    static constexpr uint8_t kTypes[] = {0, 0, 0, 0, 0, 1, 0, 2, 0, 3, 4, 5};
    return Value::of_int(kTypes[static_cast<size_t>(type_)]);
  }
  if (changes_.empty()) {
    if (known->encoding == Encoding::kAttributes) {
      return Value::of_attributes(bytes_, known->number);
    }
    return read_field(*known, scratch);
  }
  const bool is_whole = known->within == 0 && known->encoding == Encoding::kMessages;
  if (is_whole && has_change_within(known->number)) return read_whole(*known, scratch);
  if (const Value* const changed = find_change(field)) return *changed;
  return read_field(*known, scratch);
}

Value Record::read_field(const WireField& known, Scratch& scratch) const {
  Value value = default_value(known, scratch);
  if (known.within == 0) {
    if (known.field == Field::kSchemaUrl) {
      read_wire_field(around_, known, scratch, &value);
    } else if (!read_indexed(known, scratch, &value)) {
      read_wire_field(bytes_, known, scratch, &value);
    }
    return value;
  }
  // The data of a metric may have got another type.
  const bool is_received =
      context_ != Context::kMetric && find_whole_change(known.within) == nullptr;
  if (is_received && read_indexed(known, scratch, &value)) return value;
  const Value parts = nested(known.within);
  otlp::MessageReader reader(parts.wire, parts.field_number);
  for (otlp::MessageBytes part; reader.next(&part);) {
    read_wire_field(part, known, scratch, &value);
  }
  return value;
}

const Value* Record::find_whole_change(uint32_t number) const {
  for (const FieldChange& change : changes_) {
    const WireField* const known = find_wire_field(context_, type_, change.field);
    if (known != nullptr && known->within == 0 && known->number == number) return &change.value;
  }
  return nullptr;
}

Value Record::nested(uint32_t number) const {
  if (const Value* const whole = find_whole_change(number)) return *whole;
  const bool is_data = context_ == Context::kMetric && number == static_cast<uint32_t>(type_);
  return messages_of(Field::kStatus, bytes_,
                     is_data ? static_cast<uint32_t>(received_type_) : number);
}

// A nested message of which parts were changed, as one.
Value Record::read_whole(const WireField& known, Scratch& scratch) const {
  wire::Writer writer;
  write_nested(*this, known.number, &writer);
  return messages_of(known.field, as_span(scratch.keep(writer.to_string())), known.number);
}

Value* Record::change(Field field, Scratch& scratch, ToMap* to_map) {
  if (find_change(field) == nullptr) {
    Value value = read_stored(field, scratch);
    if (value.is(V::kMap)) value = Value::of_map(to_map(value, scratch));
    if (scratch.failed()) return nullptr;
    // A copy of the map must not refer to the index, which lives as long as the record only.
    const bool is_own = value.map != nullptr && value.map->has_base() &&
                        field == Field::kAttributes && value.map->base.data() == bytes_.data();
    if (is_own) value.map->index = message_index_;
    set_change(field, value);
  }
  revision_++;
  return &std::ranges::find(changes_, field, &FieldChange::field)->value;
}

// `kind.string`, `trace_id.string`, `start_time`, `body.string`.
std::optional<std::string> Record::write_derived(Field field, const Value& value,
                                                 Scratch& scratch) {
  const V wanted = is_time(field) ? V::kTime : V::kString;
  if (!value.is(wanted)) return wrong_type(wanted, value.type);
  Value written = value;
  if (is_time(field)) {
    written = Value::of_int(value.number);
  } else if (field == Field::kKindString || field == Field::kKindDeprecatedString) {
    const auto names =
        field == Field::kKindString ? std::span(kKindNames) : std::span(kDeprecatedKindNames);
    const auto found = std::ranges::find(names, value.text);
    if (found == names.end()) return "unknown span kind \"" + std::string(value.text) + "\"";
    written = Value::of_int(found - names.begin());
  } else if (field != Field::kBodyString) {
    const size_t size = field == Field::kTraceIdString ? 16 : 8;
    auto id = from_hex(value.text);
    if (value.text.size() != 2 * size || !id) {
      return "the id must have " + std::to_string(2 * size) + " hexadecimal digits";
    }
    written = Value::of_text(size == 16 ? V::kTraceId : V::kSpanId, scratch.keep(std::move(*id)));
  }
  if (scratch.failed()) return std::string(kTooMuchData);
  const Field stored = stored_field(field);
  if (find_wire_field(context_, type_, stored) == nullptr) {
    return "messages of this type do not have the path";
  }
  set_change(stored, written);
  return {};
}

std::optional<std::string> Record::write(Field field, const Value& value, Scratch& scratch) {
  if (scratch.failed()) return std::string(kTooMuchData);
  if (field == Field::kType) return {};
  if (field == Field::kEventIndex) return "event_index cannot be changed";
  if (stored_field(field) != field) return write_derived(field, value, scratch);
  const WireField* const known = find_wire_field(context_, type_, field);
  if (known == nullptr) {
    if (!can_be_ignored(context_, field)) return "messages of this type do not have the path";
    if (value.is(ignored_type(field))) return {};
    return wrong_type(ignored_type(field), value.type);
  }
  if (auto wrong = check_wire_value(*known, value)) return wrong;
  Value written = value;
  if (value.is_nil() && known->encoding == Encoding::kAttributes) {
    written = Value::of_map(scratch.make_map());
  } else if (value.is_nil() && known->encoding != Encoding::kAny) {
    written = default_value(*known, scratch);
  }
  if (field == Field::kFlags && context_ == Context::kSpan &&
      (value.number < 0 || value.number > UINT32_MAX)) {
    return "the flags must have 32 bits";
  }
  if (known->within == 0 && known->encoding == Encoding::kMessages) {
    // The whole replaces its parts, also the changed ones.
    std::erase_if(changes_, [&](const FieldChange& change) {
      const WireField* const other = find_wire_field(context_, type_, change.field);
      return other != nullptr && other->within == known->number;
    });
  }
  set_change(field, written);
  return {};
}

}  // namespace millrace::ottl
