// The small texts of a record's line: a parsed time is written as it was read; text that is made
// UTF-8 is UTF-8, within its bound, and unchanged if it was UTF-8 already.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "dead_letter/line.h"
#include "wire/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  using namespace millrace::dead_letter;
  testing::FuzzInput input(data, size);
  // Any time in years with four digits that fits 64 bits.
  constexpr int64_t kFirst = -9'214'560'000'000'000'000;  // 1678
  constexpr uint64_t kCount = 18'400'000'000'000'000'000U;
  const WallTime time{Duration(kFirst + static_cast<int64_t>(input.number(8) % kCount / 2))};
  MILLRACE_CHECK(parse_time(time_text(time)) == time);

  const size_t bytes_max = input.byte();
  const std::string_view text = input.rest_text();
  if (const auto read = parse_time(text)) {
    const std::string written = time_text(*read);
    // A leap second becomes the next minute, perhaps of the next year, which may be out of range.
    if (text.substr(17, 2) != "60") {
      MILLRACE_CHECK(parse_time(written) == read);
      MILLRACE_CHECK(written.substr(0, 19) == text.substr(0, 19));
    }
  }
  const std::string repaired = wire::to_utf8(text, bytes_max);
  MILLRACE_CHECK(repaired.size() <= bytes_max && wire::is_utf8(repaired));
  if (text.size() <= bytes_max && wire::is_utf8(text)) MILLRACE_CHECK(repaired == text);
  MILLRACE_CHECK(wire::to_utf8(repaired, bytes_max) == repaired);
  if (const auto signal = parse_signal(text)) MILLRACE_CHECK(signal_name(*signal) == text);
  if (const Code code = parse_code(text); code != Code::kUnknown) {
    MILLRACE_CHECK(code_name(code) == text);
  }
  return 0;
}
