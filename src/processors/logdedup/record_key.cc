#include "processors/logdedup/record_key.h"

namespace millrace::processors::logdedup {
namespace {

using item_identity::IdentityMaker;
using otlp::AnyValueView;
using otlp::KeyValueView;
using otlp::MessageBytes;
using otlp::MessageReader;
using Type = AnyValueView::Type;

constexpr uint32_t kBody = 5;  // LogRecord.body

enum Kind : uint64_t { kRecord = IdentityMaker::kFirstOwnKind, kField, kText };

// A field that should be there once; of several the last counts.
MessageBytes last_field(MessageBytes message, uint32_t number) {
  MessageBytes found;
  MessageReader reader(message, number);
  for (MessageBytes content; reader.next(&content);) found = content;
  return found;
}

std::optional<MessageBytes> value_at(const otlp::LogRecordView& record, const FieldPath& field,
                                     Pace& pace) {
  std::optional<MessageBytes> found;
  const auto look_in = [&](MessageReader entries, const std::string& key) {
    found.reset();
    for (MessageBytes each; !found && entries.next(&each);) {
      const KeyValueView entry = KeyValueView::read(each, &pace);
      if (entry.key == key) found = entry.value;
    }
  };
  size_t next = 0;
  if (field.is_in_body) {
    found = last_field(record.bytes, kBody);
  } else {
    look_in(MessageReader(record.bytes, otlp::kLogRecordAttributes, &pace), field.keys[next++]);
  }
  while (found && next < field.keys.size()) {
    const AnyValueView value = AnyValueView::read(*found, &pace);
    if (value.type != Type::kKvlist) return std::nullopt;
    otlp::ElementReader elements(value);
    found.reset();
    for (MessageBytes each; !found && elements.next(&each);) {
      const KeyValueView entry = KeyValueView::read(each, &pace);
      if (entry.key == field.keys[next]) found = entry.value;
    }
    ++next;
  }
  return found;
}

}  // namespace

RecordKey key_of_record(const IdentityMaker& maker, const otlp::LogRecordView& record) {
  RecordKey made = maker.of_text({}, kRecord);
  made.append(maker.of_attributes(record.bytes, otlp::kLogRecordAttributes));
  made.append(maker.of_value(last_field(record.bytes, kBody)));
  made.append(static_cast<uint32_t>(record.severity_number));
  made.append(maker.of_text(record.severity_text, kText));
  return made;
}

std::optional<RecordKey> key_of_fields(const IdentityMaker& maker,
                                       const otlp::LogRecordView& record,
                                       std::span<const FieldPath> fields) {
  RecordKey made = maker.of_text({}, kField);
  bool has_any = false;
  for (const FieldPath& field : fields) {
    const auto value = value_at(record, field, maker.pace());
    if (!value) continue;
    has_any = true;
    made.append(maker.of_value(*value));
  }
  if (!has_any) return std::nullopt;
  return made;
}

}  // namespace millrace::processors::logdedup
