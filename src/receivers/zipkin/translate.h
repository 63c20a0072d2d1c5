// A body of Zipkin spans as one ExportTraceServiceRequest.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "memory/work.h"

namespace millrace::receivers::zipkin {

enum class Format : uint8_t { kJson, kProtobuf };

// Empty: there are no spans in it.
//   kInvalidArgument    not of the format; the message names the place, the span and the field
//   kResourceExhausted  more than `bytes_max` of protobuf, or more memory than the whole budget:
//   final kUnavailable        the budget refused now
// What is written, and what grows with the body while it is being read, is reserved in the budget.
Result<Bytes> translate(Format format, const Bytes& body, bool parse_string_tags, Work& work,
                        size_t bytes_max);

}  // namespace millrace::receivers::zipkin
