// Any body, cut anywhere: the parser shows the same as of the whole body.
#include <cstdlib>

#include "base/bytes.h"
#include "receivers/prometheus/testing.h"

using namespace millrace;
using namespace millrace::receivers::prometheus;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ParserOptions options{.native_histograms = (data[0] & 1) != 0,
                              .always_classic = (data[0] & 2) != 0};
  const std::string_view body = as_text({data + 1, size - 1});
  const std::string whole = parse_text(Format::kProtobuf, body, SIZE_MAX, options);
  if (parse_text(Format::kProtobuf, body, size % 7 + 1, options) != whole) std::abort();
  return 0;
}
