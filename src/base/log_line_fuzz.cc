// No text of a field can end the line or move a terminal's cursor, and a reader of key=value pairs
// reads the whole text back, in both encodings.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json_string.h"
#include "base/log.h"
#include "base/printable_text.h"
#include "base/testing/fuzz_input.h"

namespace {

using namespace millrace;

std::string line_of(LogEncoding encoding, std::string_view one, std::string_view two) {
  std::string line;
  Logger logger(
      {.encoding = encoding}, [&](std::string_view text) { line = text; }, [] { return 0; });
  logger.info("message", {{"one", one}, {"two", two}});
  MILLRACE_CHECK(std::ranges::count(line, '\n') == 1 && line.ends_with('\n'));
  line.pop_back();
  MILLRACE_CHECK(std::ranges::none_of(
      line, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }));
  return line;
}

std::string quoted_text(std::string_view value) {
  std::string quoted;
  append_printable(quoted, json_string(value));
  return quoted;
}

// Reads a value from a console line: unquoted, or as a JSON string.
std::string_view take_value(std::string_view& line, std::string_view value) {
  const std::string quoted = quoted_text(value);
  const bool is_quoted = line.starts_with('"');
  const size_t size = is_quoted ? quoted.size() : value.size();
  MILLRACE_CHECK(line.substr(0, size) == (is_quoted ? std::string_view(quoted) : value));
  MILLRACE_CHECK(is_quoted || value.find_first_of(" \"=\t") == std::string_view::npos);
  return line = line.substr(size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  const std::string_view one = input.text();
  const std::string_view two = input.rest_text();
  const std::string console = line_of(LogEncoding::kConsole, one, two);
  std::string_view left = console;
  constexpr std::string_view kStart = "1970-01-01T00:00:00.000Z\tinfo\tmessage one=";
  MILLRACE_CHECK(left.starts_with(kStart));
  left.remove_prefix(kStart.size());
  take_value(left, one);
  MILLRACE_CHECK(left.starts_with(" two="));
  left.remove_prefix(5);
  MILLRACE_CHECK(take_value(left, two).empty());
  const std::string json = line_of(LogEncoding::kJson, one, two);
  MILLRACE_CHECK(json.ends_with("\"msg\":\"message\",\"one\":" + quoted_text(one) +
                                ",\"two\":" + quoted_text(two) + "}"));
  return 0;
}
