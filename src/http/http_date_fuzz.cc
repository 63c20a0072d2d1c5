// A date that reads is written as it stood, but for the name of its day, which is not checked, and
// a leap second, which is the next minute (and may be the next year, which is too late to read
// again); a time that is written reads back.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "http/http_date.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  testing::FuzzInput input(data, size);
  const std::string_view text = input.rest_text();
  if (const auto time = http::parse_http_date(text)) {
    MILLRACE_CHECK(time->time_since_epoch() >= 0s);
    const std::string written = http::write_http_date(*time);
    if (text.substr(23, 2) != "60") {
      MILLRACE_CHECK(http::parse_http_date(written) == time);
      MILLRACE_CHECK(std::string_view(written).substr(3) == text.substr(3));
    }
  }
  // Any time that nanoseconds can say, up to the year 2261.
  const auto nanoseconds =
      static_cast<int64_t>(testing::FuzzInput(data, size).number(8) % 9'200'000'000'000'000'000);
  const WallTime time{Duration(nanoseconds)};
  const auto read = http::parse_http_date(http::write_http_date(time));
  MILLRACE_CHECK(read == std::chrono::floor<std::chrono::seconds>(time));
  return 0;
}
