// Masks parts of one text: **** or a hash takes the place of each match.
#pragma once

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
        text_(work, "masking values"),
        next_(work, "masking values") {}

  bool is_allowed(std::string_view text);
  // The text with every match of blocked_values masked, one pattern after another; nothing when
  // that is the same text.
  std::optional<std::string_view> redact(std::string_view text);
  // Each line is a match.
  std::string_view mask_all(std::string_view text);

  const std::optional<Error>& failure() const {
    return text_.failed() ? text_.failure() : next_.failure();
  }

 private:
  void append_mask(std::string_view match, ReservedText& into) const;
  // Makes `into` the text with its matches masked, as Go's ReplaceAllStringFunc finds them. False:
  // there are none, and `into` is as before.
  bool replace_matches(const BlockedValue& blocked, std::string_view text, ReservedText& into);

  const Options& options_;
  Work& work_;
  ReservedText text_;
  ReservedText next_;
  bool had_match_ = false;
};

}  // namespace millrace::processors::redaction
