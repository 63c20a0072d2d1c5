#include "processors/logdedup/record_edit.h"

#include <utility>

#include "otlp/attribute_list.h"
#include "wire/protobuf.h"
#include "wire/writer.h"

namespace millrace::processors::logdedup {
namespace {

using otlp::KeyValueView;
using otlp::MessageBytes;
using wire::WireType;

// Field numbers of LogRecord, KeyValue, AnyValue and KeyValueList.
constexpr uint32_t kTime = 1;
constexpr uint32_t kObservedTime = 11;
constexpr uint32_t kBody = 5;
constexpr uint32_t kKey = 1;
constexpr uint32_t kValue = 2;
constexpr uint32_t kKvlist = 6;
constexpr uint32_t kEntries = 1;

constexpr std::string_view kFirst = "first_observed_timestamp";
constexpr std::string_view kLast = "last_observed_timestamp";

void append_field(uint32_t number, std::string_view content, std::string& into) {
  wire::Writer writer(content.size() + 16);
  writer.string_field(number, content);
  into += writer.to_string();
}

// Copies `message`; `edit(field, &into)` says whether it has dealt with the field.
template <class Edit>
std::string edit_fields(MessageBytes message, Pace& pace, const Edit& edit) {
  std::string made;
  made.reserve(message.size());
  wire::FieldReader fields(message);
  for (wire::Field field; fields.next(&field);) {
    pace.step(8 + field.whole.size() / 8);
    if (!edit(field, made)) made += as_text(field.whole);
  }
  return made;
}

std::string value_without(MessageBytes any_value, std::span<const std::string> keys, Pace& pace);

// Edits a KeyValue. True: it is to be left out, or was written.
bool edit_entry(const wire::Field& field, std::span<const std::string> keys, std::string& into,
                Pace& pace) {
  const KeyValueView entry = KeyValueView::read(field.bytes, &pace);
  if (entry.key != keys.front()) return false;
  if (keys.size() == 1) return true;
  std::string made;
  append_field(kKey, entry.key, made);
  append_field(kValue, value_without(entry.value, keys.subspan(1), pace), made);
  append_field(field.number, made, into);
  return true;
}

// An AnyValue that is no mapping stays as it is.
std::string value_without(MessageBytes any_value, std::span<const std::string> keys, Pace& pace) {
  return edit_fields(any_value, pace, [&](const wire::Field& field, std::string& into) {
    if (!field.is(kKvlist, WireType::kLen)) return false;
    append_field(kKvlist,
                 edit_fields(field.bytes, pace,
                             [&](const wire::Field& inside, std::string& list) {
                               return inside.is(kEntries, WireType::kLen) &&
                                      edit_entry(inside, keys, list, pace);
                             }),
                 into);
    return true;
  });
}

std::string without_field(MessageBytes record, const FieldPath& path, Pace& pace) {
  return edit_fields(record, pace, [&](const wire::Field& field, std::string& into) {
    if (path.is_in_body) {
      if (!field.is(kBody, WireType::kLen)) return false;
      append_field(kBody, value_without(field.bytes, path.keys, pace), into);
      return true;
    }
    if (!field.is(otlp::kLogRecordAttributes, WireType::kLen)) return false;
    return path.keys.empty() || edit_entry(field, path.keys, into, pace);
  });
}

uint64_t nanos_of(WallTime time) { return static_cast<uint64_t>(time.time_since_epoch().count()); }

}  // namespace

std::string without_fields(MessageBytes record, std::span<const FieldPath> fields, Pace& pace) {
  std::string made(as_text(record));
  for (const FieldPath& field : fields) made = without_field(as_span(made), field, pace);
  return made;
}

std::string with_count(std::string_view record, const Counted& counted, const Options& options,
                       WallTime emitted) {
  const auto is_replaced = [&](std::string_view key) {
    return key == options.log_count_attribute || key == kFirst || key == kLast;
  };
  Pace pace;
  std::string made =
      edit_fields(as_span(record), pace, [&](const wire::Field& field, std::string&) {
        if (field.number == kTime || field.number == kObservedTime) return true;
        return field.is(otlp::kLogRecordAttributes, WireType::kLen) &&
               is_replaced(KeyValueView::read(field.bytes).key);
      });
  wire::Writer writer(kCountedBytes);
  writer.fixed64_field(kTime, nanos_of(emitted));
  writer.fixed64_field(kObservedTime, nanos_of(counted.first));
  const auto add = [&](std::string_view key, const std::string& any_value) {
    const auto attribute = writer.open(otlp::kLogRecordAttributes, 64);
    writer.string_field(kKey, key);
    writer.string_field(kValue, any_value);
    writer.close(attribute);
  };
  add(options.log_count_attribute, otlp::encode_int_value(static_cast<int64_t>(counted.count)));
  add(kFirst, otlp::encode_string_value(time_text(counted.first, options.timezone)));
  add(kLast, otlp::encode_string_value(time_text(counted.last, options.timezone)));
  return made + writer.to_string();
}

}  // namespace millrace::processors::logdedup
