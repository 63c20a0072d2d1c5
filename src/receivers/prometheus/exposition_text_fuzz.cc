// Any body, cut anywhere: the parser shows the same as of the whole body, and the sink hears of no
// label that is not UTF-8.
#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "base/testing/fuzz_input.h"
#include "receivers/prometheus/testing.h"
#include "wire/utf8.h"

using namespace millrace;
using namespace millrace::receivers::prometheus;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body = as_text({data, size});
  const std::string whole = parse_text(Format::kText, body);
  if (parse_text(Format::kText, body, size % 7 + 1) != whole) std::abort();
  const size_t error = std::min(whole.rfind("error: "), whole.size());
  if (!wire::is_utf8(std::string_view(whole).substr(0, error)) && !whole.contains("type ") &&
      !whole.contains("help ")) {
    std::abort();
  }
  return 0;
}
