// Redaction of the body of a log record: of text, and of maps and lists of any depth. Values of all
// types are looked at as text.
#pragma once

#include <string_view>

#include "memory/reserved_text.h"
#include "otlp/value_text.h"
#include "otlp/views.h"
#include "processors/redaction/db_sanitizer.h"
#include "processors/redaction/key_lists.h"
#include "processors/redaction/key_rules.h"
#include "processors/redaction/text_redactor.h"

namespace millrace::processors::redaction {

// One for each piece of work. Copies the body while it walks: reserved in the budget; failure()
// keeps the first refusal.
class LogBody {
 public:
  // `db` is null where no query is masked.
  LogBody(KeyRules& rules, TextRedactor& redactor, DbSanitizer* db, KeyLists& keys, Work& work)
      : rules_(rules),
        redactor_(redactor),
        db_(db),
        keys_(keys),
        work_(work),
        out_(work, "redacting a body"),
        path_(work, "listing the keys of a body"),
        text_(work) {}

  // True: the body has changed, and content() is that of its new AnyValue, until the next call.
  bool redact(otlp::MessageBytes any_value);
  std::string_view content() const { return out_.view(); }

  const std::optional<Error>& failure() const {
    if (text_.failed()) return text_.failure();
    return out_.failed() ? out_.failure() : path_.failure();
  }

 private:
  // These append the content of the AnyValue or element to out_. False: nothing changed; what was
  // appended is what it was, or nothing.
  bool put_value(const otlp::AnyValueView& value, std::string_view key);
  bool put_map(const otlp::AnyValueView& value);
  bool put_list(const otlp::AnyValueView& value);
  bool put_entry(otlp::MessageBytes entry);
  bool put_scalar(const otlp::AnyValueView& value, std::string_view key);
  void put_string(std::string_view text);

  void put_field(uint32_t number, std::string_view content);
  // The bytes that were appended since `begin` become the content of a field.
  void wrap(uint32_t number, size_t begin);
  // Appends a part of the path, which only a summary of keys needs. Returns its size before.
  size_t enter(std::string_view part);

  KeyRules& rules_;
  TextRedactor& redactor_;
  DbSanitizer* const db_;
  KeyLists& keys_;
  Work& work_;
  ReservedText out_;
  ReservedText path_;
  otlp::ValueText text_;
};

}  // namespace millrace::processors::redaction
