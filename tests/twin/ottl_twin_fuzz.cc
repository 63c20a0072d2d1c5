// The transform and filter processors do what a naive evaluator does.
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "base/check.h"
#include "twin.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string difference = millrace::twin::compare_once({data, size});
  if (!difference.empty()) std::fputs(difference.c_str(), stderr);
  MILLRACE_CHECK(difference.empty());
  return 0;
}
