// Masks parts of one text: **** or a hash takes the place of each match.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "memory/reserved_text.h"
#include "memory/work.h"
#include "processors/redaction/options.h"

namespace millrace::processors::redaction {

// One for each piece of work. The results are valid until the next call. When the budget has no
// room for a result, failure() says so from then on.
class TextRedactor {
 public:
  TextRedactor(const Options& options, Work& work)
      : options_(options),
        work_(work),
        has_plain_mask_(options.hash_function == HashFunction::kNone),
        texts_{ReservedText(work, "masking values"), ReservedText(work, "masking values")} {}

  bool is_allowed(std::string_view text) {
    return !options_.allowed_values.empty() && finds_allowed(text);
  }
  // The text with every match of blocked_values masked, one pattern after another; nothing when
  // that is the same text.
  std::optional<std::string_view> redact(std::string_view text);
  // Each line is a match.
  std::string_view mask_all(std::string_view text);

  const std::optional<Error>& failure() const {
    return texts_[0].failed() ? texts_[0].failure() : texts_[1].failure();
  }

 private:
  using Match = ClassSequences::Match;

  std::optional<Match> find(const BlockedValue& blocked, std::string_view text, size_t from) const;
  void append_mask(std::string_view match, ReservedText& into) const;
  bool finds_allowed(std::string_view text);
  // Makes `into` the text with its matches masked, from `first` on, as Go's ReplaceAllStringFunc
  // finds them.
  void replace_matches(const BlockedValue& blocked, std::string_view text, Match first,
                       ReservedText& into);

  const Options& options_;
  Work& work_;
  const bool has_plain_mask_;  // **** for each match
  std::array<ReservedText, 2> texts_;
  size_t current_ = 0;  // that of the last result of redact()
  bool had_match_ = false;
};

}  // namespace millrace::processors::redaction
