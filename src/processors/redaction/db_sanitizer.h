// Masks the literals of database queries: in attributes that the options name, in bodies of log
// records and in names of spans. The rules are those of otelcol's db_sanitizer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "memory/reserved_text.h"
#include "processors/redaction/options.h"

namespace millrace::processors::redaction {

// One for each piece of work. The results are valid until the next call; nothing: the text stays.
class DbSanitizer {
 public:
  DbSanitizer(const DbSanitizerOptions& options, Work& work)
      : options_(options),
        work_(work),
        text_(work, "masking queries"),
        next_(work, "masking queries") {}

  // `system` is the value of db.system.name or db.system beside the attribute; empty: none. Log
  // records need none: every language whose options name the attribute is tried then.
  std::optional<std::string_view> of_attribute(std::string_view key, std::string_view text,
                                               std::string_view system, bool is_in_log);
  // Every language that is enabled, one after the other.
  std::optional<std::string_view> of_body(std::string_view text);
  std::optional<std::string_view> of_span_name(std::string_view name, std::string_view system);

  const std::optional<Error>& failure() const {
    return text_.failed() ? text_.failure() : next_.failure();
  }

 private:
  // Makes next_ the masked text and swaps it with text_.
  std::string_view mask(QueryLanguage language, std::string_view text, std::string_view system);

  const DbSanitizerOptions& options_;
  Work& work_;
  ReservedText text_;
  ReservedText next_;
};

}  // namespace millrace::processors::redaction
