// A log record as it is kept and as it is emitted. Pure functions on the bytes of a LogRecord; the
// results pass admission when the record does, and have at most the size that is stated.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/pace.h"
#include "base/time.h"
#include "otlp/views.h"
#include "processors/logdedup/options.h"

namespace millrace::processors::logdedup {

// The record without these fields; not larger than the record.
std::string without_fields(otlp::MessageBytes record, std::span<const FieldPath> fields,
                           Pace& pace);

struct Counted {
  uint64_t count = 0;
  WallTime first;
  WallTime last;
};
// Larger than the record by at most this and the name of the count's attribute.
inline constexpr size_t kCountedBytes = 256;
// The record with the count and both times as attributes, `emitted` as its time, and the first time
// as its observed time.
std::string with_count(std::string_view record, const Counted& counted, const Options& options,
                       WallTime emitted);

}  // namespace millrace::processors::logdedup
