// Compares the slow reading of JSON's grammar with simdjson's strict parser. They agree on validity
// except where simdjson refuses more than the grammar: numbers that fit no type, and depth.
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "otlp/json/syntax.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  using namespace millrace::otlp::json;
  static simdjson::dom::parser parser;
  const std::string_view text = testing::FuzzInput(data, size).rest_text();
  const auto found = find_syntax_error(text);
  const simdjson::padded_string padded(text);
  simdjson::dom::element root;
  const auto error = parser.parse(padded).get(root);
  if (found) {
    MILLRACE_CHECK(found->offset <= text.size() && !found->what.empty());
    const TextPosition place = locate(text, found->offset);
    const auto lines = std::ranges::count(text.substr(0, found->offset), '\n');
    MILLRACE_CHECK(place.line == static_cast<size_t>(lines) + 1);
    MILLRACE_CHECK(place.column >= 1 && place.column <= found->offset + 1);
    MILLRACE_CHECK(error != simdjson::SUCCESS);
    // The error is at the first impossible byte: the text before it can still become JSON, so that
    // the text up to it has no earlier error.
    const auto before = find_syntax_error(text.substr(0, found->offset));
    MILLRACE_CHECK(!before || before->offset == found->offset);
  } else {
    MILLRACE_CHECK(error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR ||
                   error == simdjson::DEPTH_ERROR);
  }
  return 0;
}
