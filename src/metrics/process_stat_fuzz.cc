// Any text is a line of /proc/PID/stat or refused. An accepted line has the figures behind its last
// parenthesis that an input stream reads there.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "metrics/process.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  const std::string line(testing::FuzzInput(data, size).rest_text());
  const auto stat = metrics::parse_process_stat(line, 100, 4096);
  if (!stat) return 0;
  // The stream splits at blanks, so it is compared only for plain numbers between single blanks.
  std::istringstream words(line.substr(line.rfind(") ") + 2));
  std::string state;
  words >> state;
  int64_t field[22] = {};
  for (size_t i = 1; i < 22; ++i) {
    if (!(words >> field[i])) return 0;
  }
  std::string expected = line.substr(0, line.rfind(") ") + 2) + state;
  for (size_t i = 1; i < 22; ++i) expected += " " + std::to_string(field[i]);
  if (!line.starts_with(expected)) return 0;
  const double ticks = static_cast<double>(field[11]) + static_cast<double>(field[12]);
  MILLRACE_CHECK(stat->cpu_seconds == ticks / 100);
  MILLRACE_CHECK(stat->start_seconds == static_cast<double>(field[19]) / 100);
  MILLRACE_CHECK(stat->rss_bytes / 4096 == field[21] && stat->rss_bytes % 4096 == 0);
  return 0;
}
