#include "processors/logdedup/record_key.h"

#include <cstring>

#include "keyed_state/key_owners.h"

namespace millrace::processors::logdedup {
namespace {

using otlp::AnyValueView;
using otlp::KeyValueView;
using otlp::MessageBytes;
using otlp::MessageReader;
using Type = AnyValueView::Type;

constexpr uint32_t kBody = 5;  // LogRecord.body
constexpr size_t kBytesOfUnit = 4;

// Different kinds of content never have the same key.
enum Kind : uint64_t {
  kText = 16,
  kEntry,
  kMapping,
  kSequence,
  kResource,
  kScope,
  kRecord,
  kField
};

uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

// The order matters.
void append(RecordKey& to, RecordKey next) {
  to.low = mixed(to.low * 3 + next.low);
  to.high = mixed(to.high * 5 + next.high);
}
// The order does not matter.
void merge(RecordKey& to, RecordKey next) {
  to.low += next.low;
  to.high += next.high;
}

// A field that should be there once; of several the last counts.
MessageBytes last_field(MessageBytes message, uint32_t number) {
  MessageBytes found;
  MessageReader reader(message, number);
  for (MessageBytes content; reader.next(&content);) found = content;
  return found;
}

}  // namespace

RecordKey KeyMaker::of_text(std::string_view text, uint64_t kind) const {
  pace_.step(8 + text.size() / kBytesOfUnit);
  const std::span<const uint8_t> bytes = as_span(text);
  return {keyed_state::hash_of(bytes, seed_.low + kind),
          keyed_state::hash_of(bytes, seed_.high ^ (kind << 32))};
}

RecordKey KeyMaker::of_entry(MessageBytes key_value) const {
  const KeyValueView entry = KeyValueView::read(key_value, &pace_);
  RecordKey made = of_text(entry.key, kEntry);
  append(made, of_value(entry.value));
  return made;
}

RecordKey KeyMaker::of_elements(const AnyValueView& value) const {
  const bool is_mapping = value.type == Type::kKvlist;
  RecordKey made = of_text({}, is_mapping ? kMapping : kSequence);
  otlp::ElementReader elements(value);
  for (MessageBytes element; elements.next(&element);) {
    if (is_mapping) {
      merge(made, of_entry(element));
    } else {
      append(made, of_value(element));
    }
  }
  return made;
}

RecordKey KeyMaker::of_value(MessageBytes any_value) const {
  const AnyValueView value = AnyValueView::read(any_value, &pace_);
  const auto kind = static_cast<uint64_t>(value.type);
  switch (value.type) {
    case Type::kArray:
    case Type::kKvlist:
      return of_elements(value);
    case Type::kString:
    case Type::kBytes:
    case Type::kEmpty:
      return of_text(value.text, kind);
    case Type::kBool:
    case Type::kInt:
    case Type::kDouble:
      break;
  }
  char number[8];
  if (value.type == Type::kDouble) {
    std::memcpy(number, &value.double_value, sizeof number);
  } else {
    std::memcpy(number, &value.int_value, sizeof number);
  }
  return of_text({number, sizeof number}, kind);
}

RecordKey KeyMaker::of_attributes(MessageBytes message, uint32_t field_number) const {
  RecordKey made = of_text({}, kMapping);
  MessageReader attributes(message, field_number, &pace_);
  for (MessageBytes attribute; attributes.next(&attribute);) merge(made, of_entry(attribute));
  return made;
}

RecordKey KeyMaker::of_resource(MessageBytes resource) const {
  RecordKey made = of_text({}, kResource);
  append(made, of_attributes(resource, otlp::kResourceAttributes));
  return made;
}

RecordKey KeyMaker::of_scope(const otlp::ScopeView& scope) const {
  RecordKey made = of_text({}, kScope);
  append(made, of_attributes(scope.scope.view(), otlp::kScopeAttributes));
  append(made, of_text(scope.name, kText));
  append(made, of_text(scope.version, kText));
  return made;
}

RecordKey KeyMaker::of_record(const otlp::LogRecordView& record) const {
  RecordKey made = of_text({}, kRecord);
  append(made, of_attributes(record.bytes, otlp::kLogRecordAttributes));
  append(made, of_value(last_field(record.bytes, kBody)));
  made.low = mixed(made.low + static_cast<uint32_t>(record.severity_number));
  append(made, of_text(record.severity_text, kText));
  return made;
}

std::optional<MessageBytes> KeyMaker::value_at(const otlp::LogRecordView& record,
                                               const FieldPath& field) const {
  std::optional<MessageBytes> found;
  const auto look_in = [&](MessageReader entries, const std::string& key) {
    found.reset();
    for (MessageBytes each; !found && entries.next(&each);) {
      const KeyValueView entry = KeyValueView::read(each, &pace_);
      if (entry.key == key) found = entry.value;
    }
  };
  size_t next = 0;
  if (field.is_in_body) {
    found = last_field(record.bytes, kBody);
  } else {
    look_in(MessageReader(record.bytes, otlp::kLogRecordAttributes, &pace_), field.keys[next++]);
  }
  while (found && next < field.keys.size()) {
    const AnyValueView value = AnyValueView::read(*found, &pace_);
    if (value.type != Type::kKvlist) return std::nullopt;
    otlp::ElementReader elements(value);
    found.reset();
    for (MessageBytes each; !found && elements.next(&each);) {
      const KeyValueView entry = KeyValueView::read(each, &pace_);
      if (entry.key == field.keys[next]) found = entry.value;
    }
    ++next;
  }
  return found;
}

std::optional<RecordKey> KeyMaker::of_fields(const otlp::LogRecordView& record,
                                             std::span<const FieldPath> fields) const {
  RecordKey made = of_text({}, kField);
  bool has_any = false;
  for (const FieldPath& field : fields) {
    const auto value = value_at(record, field);
    if (!value) continue;
    has_any = true;
    append(made, of_value(*value));
  }
  if (!has_any) return std::nullopt;
  return made;
}

}  // namespace millrace::processors::logdedup
