// Inside of walk.cc: changed records in the output of a walk. What is encoded beyond a small size
// is reserved in the budget. Failures stop the LevelWriter. One walk's.
#pragma once

#include <cstdint>
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
  // The changes of a span, log record, event, metric or data point, but field `except`.
  otlp::FieldSet write_fields(otlp::Level& level, const Record& record, uint32_t except = 0);
  // A changed resource or scope, whose received content is `own`, and its schema URL.
  otlp::FieldSet write_own(otlp::Level& level, const Record& record, const Bytes& own);
  // Those parts of a changed metric that stand beside its data points.
  otlp::FieldSet write_data_fields(otlp::Level& data, const Record& metric);

 private:
  void write_encoded(const Record& record, uint32_t except);

  otlp::LevelWriter& levels_;
  Work& work_;
  const std::string_view what_;
  wire::Writer writer_;
};

}  // namespace millrace::ottl
