// Text of values of any type, as to_text() makes it, reserved in the budget before it is made.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "memory/work.h"
#include "otlp/views.h"

namespace millrace::otlp {

// The most bytes of memory for a byte of a value that becomes text: six for a control character in
// a list, as JSON, in a text that grows by doubling, and a list of a map's keys.
inline constexpr size_t kTextBytesPerByte = 24;

// The value as JSON, as Go's encoder writes it without escaping HTML: a string in quotes, bytes in
// base64. Nothing where a number in it is not finite. Takes up to kTextBytesPerByte a byte, which
// the caller reserves.
std::optional<std::string> to_json(const AnyValueView& value);

// The reservation lasts until a larger one is needed or the object is destroyed. Keeps the first
// refusal. One thread.
class ValueText {
 public:
  explicit ValueText(Work& work) : work_(work) {}

  // The text of a string itself, of other values a text that is valid until the next call. Empty
  // after a refusal.
  std::string_view of(const AnyValueView& value);

  bool failed() const { return failure_.has_value(); }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  Work& work_;
  std::string text_;
  Reservation memory_;
  std::optional<Error> failure_;
};

}  // namespace millrace::otlp
