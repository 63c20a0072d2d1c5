// Any bytes are a response or none; a response cut short never counts more than it has room for.
#include "base/check.h"
#include "exporters/otlp/partial_success.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto partial = millrace::exporters::parse_partial_success({data, size});
  if (partial) {
    MILLRACE_CHECK(partial->message.size() <= size);
    MILLRACE_CHECK(static_cast<int64_t>(partial->rejected_count) >= 0);
  }
  return 0;
}
