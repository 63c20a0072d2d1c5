// Attributes written as plain JSON, for tests: {"a": 1, "b": [true, "x"]}. Integers are integers,
// numbers with a point doubles.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>

#include "ottl/record_writer.h"

namespace millrace::ottl::testing {

inline Value to_value(const simdjson::dom::element& json, Scratch& scratch) {
  using J = simdjson::dom::element_type;
  switch (json.type()) {
    case J::OBJECT: {
      Map* const map = scratch.make_map();
      for (const auto field : json.get_object().value_unsafe()) {
        map->entries.push_back(
            {scratch.keep(std::string(field.key)), to_value(field.value, scratch)});
      }
      return Value::of_map(map);
    }
    case J::ARRAY: {
      List* const list = scratch.make_list();
      for (const simdjson::dom::element element : json.get_array().value_unsafe()) {
        list->elements.push_back(to_value(element, scratch));
      }
      return Value::of_list(list);
    }
    case J::STRING:
      return Value::of_string(scratch.keep(std::string(json.get_string().value_unsafe())));
    case J::INT64:
    case J::UINT64:
      return Value::of_int(json.get_int64().value_unsafe());
    case J::DOUBLE:
      return Value::of_double(json.get_double().value_unsafe());
    case J::BOOL:
      return Value::of_bool(json.get_bool().value_unsafe());
    case J::NULL_VALUE:
      break;
  }
  return {};
}

// A log record with these attributes, as bytes.
inline std::string encode_log(const Value& attributes, Scratch& scratch) {
  Record record(Context::kLog, {});
  record.write(Field::kAttributes, attributes, scratch);
  wire::Writer writer;
  write_record(record, &writer);
  return writer.to_string();
}

// The record as it would be read after its changes were written.
inline std::string encode(const Record& record) {
  if (!record.is_changed()) return std::string(as_text(record.bytes()));
  wire::Writer writer;
  write_record(record, &writer);
  return writer.to_string();
}

}  // namespace millrace::ottl::testing
