// Lines that hold text of senders: its control characters are escaped unless raw text is asked for,
// so that no value begins a line or reaches a terminal as a command; and one item's lines are
// bounded, because a few bytes of a request can make thousands of bytes of text. One thread.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/allocation_name.h"
#include "base/pace.h"
#include "exporters/debug/options.h"
#include "otlp/views.h"

namespace millrace::exporters {

class Printer {
 public:
  // Of one item (a span, a log record, a data point, a resource, a scope): what is behind is left
  // out, and said to be.
  static constexpr size_t kItemTextMax = size_t{256} << 10;
  // Of one value; a larger text is cut, a larger list is not shown.
  static constexpr size_t kValueBytesMax = size_t{32} << 10;

  // Reading and writing report their steps to `pace`.
  Printer(ControlCharacters control_characters, Pace& pace)
      : escapes_(control_characters == ControlCharacters::kEscaped), pace_(pace) {}

  template <class... Parts>
  void line(fmt::format_string<Parts...> format, Parts&&... parts) {
    if (is_full()) return;
    const size_t before = text_.size();
    {
      const AllocationName name("term work");
      fmt::format_to(std::back_inserter(text_), format, std::forward<Parts>(parts)...);
      text_ += '\n';
    }
    pace_.step(kCharacterUnits * (text_.size() - before));
  }
  // Callers that loop over the fields of an item stop here.
  bool is_full() const { return text_.size() >= item_begin_ + kItemTextMax; }

  void begin_item() { item_begin_ = text_.size(); }
  void end_item() {
    if (is_full()) text_ += "... the rest is too long to be shown\n";
  }

  // Text of a sender, as it may stand in a line.
  std::string shown(std::string_view text) const;
  // "value", as otelcol's Value.AsString writes it.
  std::string shown(const otlp::AnyValueView& value) const;
  // "Str(value)"
  std::string shown_with_type(const otlp::AnyValueView& value) const;
  // " key=value key=value"
  std::string attributes_in_line(otlp::MessageBytes message, uint32_t field_number) const;

  std::string& text() { return text_; }
  // For reading the values that are printed.
  Pace* pace() const { return &pace_; }

 private:
  static constexpr size_t kCharacterUnits = 8;

  const bool escapes_;
  Pace& pace_;
  std::string text_;
  size_t item_begin_ = 0;
};

// Ids as hexadecimal digits.
std::string hex(otlp::MessageBytes bytes);

}  // namespace millrace::exporters
