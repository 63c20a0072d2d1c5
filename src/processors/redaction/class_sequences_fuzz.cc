// Compares the matches of an expression that is read with those of RE2, from every position.
#include <re2/re2.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "processors/redaction/class_sequences.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millrace;
  testing::FuzzInput input(data, size);
  const std::string regex(input.text());
  const std::string text(input.text());
  const auto sequences = processors::redaction::ClassSequences::read(regex);
  if (!sequences) return 0;
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 pattern(regex, options);
  if (!pattern.ok()) return 0;
  for (size_t from = 0; from <= text.size(); ++from) {
    re2::StringPiece match;
    const bool has_match = pattern.Match(text, from, text.size(), re2::RE2::UNANCHORED, &match, 1);
    const auto found = sequences->find(text, from);
    // In parts of three positions.
    auto in_parts = sequences->find(text, from, from + 3);
    for (size_t at = from + 3; !in_parts && at < text.size(); at += 3) {
      in_parts = sequences->find(text, at, at + 3);
    }
    MILLRACE_CHECK(in_parts.has_value() == has_match);
    MILLRACE_CHECK(!has_match ||
                   (in_parts->begin == found->begin && in_parts->size == found->size));
    MILLRACE_CHECK(found.has_value() == has_match);
    if (!has_match) continue;
    MILLRACE_CHECK(found->begin == static_cast<size_t>(match.data() - text.data()));
    MILLRACE_CHECK(found->size == match.size());
  }
  return 0;
}
