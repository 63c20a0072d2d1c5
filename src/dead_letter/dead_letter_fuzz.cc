// Reading any line never crashes. A line that is read as a record is written as a line that
// is read as the same record.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "dead_letter/record.h"

using namespace millrace;
using namespace millrace::dead_letter;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Parser parser;
  const auto record = parser.parse(Bytes::copy_of(std::span(data, size)));
  if (!record) return 0;
  std::string line;
  append_line(*record, &line);
  MILLRACE_CHECK(is_record_line(line));
  MILLRACE_CHECK(line.find('\n') == line.size() - 1);
  const auto again = parser.parse(Bytes::copy_of(line));
  MILLRACE_CHECK(again.has_value());
  MILLRACE_CHECK(again->request.to_bytes().text() == record->request.to_bytes().text());
  MILLRACE_CHECK(again->time == record->time);
  MILLRACE_CHECK(again->signal == record->signal);
  MILLRACE_CHECK(again->item_count == record->item_count);
  std::string fixed;
  append_line(*again, &fixed);
  MILLRACE_CHECK(fixed == line);
  return 0;
}
