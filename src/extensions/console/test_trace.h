// A trace of a few spans, to see that a pipeline works. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"

namespace millrace::extensions::console {

struct TestTrace {
  std::string id;  // in hex
  Bytes request;   // an ExportTraceServiceRequest
  uint32_t span_count = 0;
};
// Spans that end at `now`.
TestTrace make_test_trace(Random& random, WallTime now);

}  // namespace millrace::extensions::console
