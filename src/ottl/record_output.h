// Inside of walk.cc: changed records in the output of a walk. What is encoded beyond a small size
// is reserved in the budget. Failures stop the LevelWriter. One walk's.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "memory/work.h"
#include "otlp/level_writer.h"
#include "ottl/record.h"
#include "wire/writer.h"

namespace millrace::ottl {

class RecordOutput {
 public:
  RecordOutput(otlp::LevelWriter& levels, Work& work, std::string_view what)
      : levels_(levels), work_(work), what_(what) {}

  // These open the level, write changes and return the received fields that they replace.
  //
  // The changes of a span, log record, event, metric or data point, but the fields `except`.
  otlp::FieldSet write_fields(otlp::Level& level, const Record& record, otlp::FieldSet except = 0);
  // A changed resource or scope, whose received content is `own`, and its schema URL.
  otlp::FieldSet write_own(otlp::Level& level, const Record& record, const Bytes& own);
  // Those parts of a changed metric that stand beside its data points.
  otlp::FieldSet write_data_fields(otlp::Level& data, const Record& metric);

  // Changed entries of received attributes take the place of the received ones, and added ones
  // stand behind all else. The caller calls replace_entry() for each field in order, or not at all,
  // and then write_entries().
  struct Entries {
    const Map* map = nullptr;  // null: there are none
    uint32_t field_number = 0;
    size_t next = 0;  // the position in map->edited
  };
  static Entries edited_entries(const Record& record);
  // Whether the field is an entry, which is left out or written anew if it was changed.
  // Precondition: there is a map.
  bool replace_entry(otlp::Level& level, std::span<const uint8_t> whole, Entries* entries);
  void write_entries(otlp::Level& level, Entries* entries);

 private:
  void write_changes_of(const Record& record, otlp::FieldSet except);
  void write_one_entry(const MapEntry& entry, uint32_t field_number);
  // Encodes at most `size_max` bytes and writes them.
  template <class Encode>
  void write_encoded(size_t size_max, const Encode& encode);

  otlp::LevelWriter& levels_;
  Work& work_;
  const std::string_view what_;
  wire::Writer writer_;
};

}  // namespace millrace::ottl
