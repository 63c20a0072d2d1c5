// Any JSON object becomes lines, none of which commands the terminal or is wider than it.
#include "base/check.h"
#include "base/printable_text.h"
#include "base/testing/fuzz_input.h"
#include "daemon/show/show_text.h"
#include "daemon/terminal_text/text_width.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::show;
  millrace::testing::FuzzInput input(data, size);
  const Layout layout{.width = 10 + input.choice(200)};
  const auto answer = JsonAnswer::parse(input.rest_text());
  if (!answer) return 0;
  const Lines all[] = {trace_list_lines(*answer, layout),
                       trace_lines(*answer, layout),
                       log_lines(*answer, layout, LogOrder::kByTime, Titles::kShown),
                       metric_list_lines(*answer, layout),
                       metric_lines(*answer, layout),
                       ledger_lines(*answer, layout)};
  for (const Lines& lines : all) {
    for (const std::string& line : lines) {
      MILLRACE_CHECK(millrace::is_printable(line));
      MILLRACE_CHECK(millrace::terminal_text::text_width(line) <= layout.width);
    }
  }
  return 0;
}
