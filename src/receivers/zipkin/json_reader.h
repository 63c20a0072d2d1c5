// Reads JSON (RFC 8259) value by value, in the order of the text, exactly: what it accepts is JSON,
// and where it stops it knows the place. It builds nothing. Strings without escapes are views into
// the text; the others are decoded into an arena that the caller has reserved.
//
//   if (reader.enter('{'))
//     for (std::string_view key; reader.next_member(&key);) { … read or skip exactly one value … }
//   if (reader.failed()) …
//
// Every function returns false after a failure, and the first failure stays. One thread. The text
// must be UTF-8; the caller checks that once for the whole of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/pace.h"
#include "receivers/zipkin/arena.h"

namespace millrace::receivers::zipkin {

class JsonReader {
 public:
  // A value that is skipped may have so many levels.
  static constexpr int kDepthMax = 100;

  JsonReader(std::string_view text, Arena& arena, Pace& pace)
      : text_(text), arena_(arena), pace_(pace) {}

  // The first character of the next value, behind white space; '\0' at the end of the text.
  char peek();
  // Into an object or array; `open` is '{' or '['.
  bool enter(char open);
  // False at the end of the object (which is then left) and after a failure.
  bool next_member(std::string_view* key);
  bool next_element();

  bool read_string(std::string_view* into);
  // The number as it stands.
  bool read_number(std::string_view* token);
  bool read_boolean(bool* into);
  bool read_null();
  bool skip_value() { return skip_value(kDepthMax); }
  // Only white space is left.
  bool at_end();

  // The caller's own objection to what begins at offset(). Always false.
  bool fail(std::string_view what) { return fail_at(at_, what); }
  bool fail_at(size_t offset, std::string_view what);
  bool failed() const { return !what_.empty(); }
  size_t offset() const { return at_; }
  size_t failure_offset() const { return failure_offset_; }
  std::string_view failure() const { return what_; }

 private:
  bool skip_value(int depth);
  bool expect_word(std::string_view word);
  bool scan_string(size_t* end, bool* escaped);
  bool unescape(std::string_view raw, std::string_view* into);
  bool next_in(char close);

  const std::string_view text_;
  Arena& arena_;
  Pace& pace_;
  size_t at_ = 0;
  bool is_first_ = false;  // nothing was read yet in the object or array that was entered last
  size_t failure_offset_ = 0;
  std::string_view what_;  // static
};

}  // namespace millrace::receivers::zipkin
