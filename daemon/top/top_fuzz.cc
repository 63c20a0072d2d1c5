// Four answers of anything that is JSON become a picture, none of whose lines commands the terminal
// or is wider than it.
#include "base/check.h"
#include "base/printable_text.h"
#include "base/testing/fuzz_input.h"
#include "daemon/terminal_text/text_width.h"
#include "daemon/top/screen.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace::top;
  millrace::testing::FuzzInput input(data, size);
  const Layout layout{.width = 10 + input.choice(200)};
  const auto answer = millrace::json_answer::JsonAnswer::parse(input.rest_text());
  if (!answer) return 0;
  Sample before;
  Sample now;
  for (size_t part = 0; part < std::size(kPaths); ++part) {
    read_part(part, *answer, now);
    if (part < 3) read_part(part, *answer, before);
  }
  --before.at_ms;
  for (const std::string& line : picture(now, Rates(before, now), now.version, layout)) {
    MILLRACE_CHECK(millrace::is_printable(line));
    MILLRACE_CHECK(millrace::terminal_text::text_width(line) <= layout.width);
  }
  return 0;
}
