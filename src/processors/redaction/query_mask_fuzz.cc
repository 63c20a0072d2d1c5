// Masked queries have no digits but in comments, kept words and what has no end; masking again
// changes nothing in JSON; the output is bounded; UTF-8 stays UTF-8.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "memory/testing/test_work.h"
#include "processors/redaction/json_mask.h"
#include "processors/redaction/redis_mask.h"
#include "processors/redaction/sql_mask.h"
#include "wire/utf8.h"

namespace {

using namespace millrace;
using namespace millrace::processors::redaction;

// Without comments, parameters and quoted parts, every number becomes a question mark.
bool is_plain(std::string_view text) {
  return text.find_first_of("\"'`-/$@#(\\") == std::string_view::npos &&
         text.find('\0') == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text = wire::to_utf8(millrace::testing::FuzzInput(data, size).rest_text());
  testing::TestWork own;
  ReservedText out(own.work, "masking");
  for (const SqlDialect dialect : {SqlDialect::kAnsi, SqlDialect::kMySql}) {
    out.clear();
    mask_sql(text, dialect, out);
    MILLRACE_CHECK(out.size() <= text.size() && wire::is_utf8(out.view()));
    if (is_plain(text)) {
      MILLRACE_CHECK(out.view().find_first_of("0123456789") == std::string_view::npos);
    }
  }
  out.clear();
  mask_redis(text, out);
  MILLRACE_CHECK(out.size() <= 2 * text.size() && wire::is_utf8(out.view()));
  out.clear();
  if (mask_json(text, out)) {
    const std::string masked(out.view());
    MILLRACE_CHECK(masked.size() <= 3 * text.size() && wire::is_utf8(masked));
    out.clear();
    MILLRACE_CHECK(mask_json(masked, out) && out.view() == masked);
  }
  return 0;
}
