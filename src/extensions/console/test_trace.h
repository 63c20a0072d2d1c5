// A trace of a few spans, to see that a pipeline works. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/random.h"
#include "base/time.h"
#include "recent/trace_sample.h"

namespace millrace::extensions::console {

struct TestTrace {
  std::string id;  // in hex
  Bytes request;   // an ExportTraceServiceRequest
  uint32_t span_count = 0;
};
// Spans that end at `now`. Its id is one that `sample` keeps, if one of some thousand is.
TestTrace make_test_trace(Random& random, WallTime now,
                          const recent::TraceSample& sample = recent::TraceSample());

}  // namespace millrace::extensions::console
