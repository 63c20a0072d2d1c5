// A text that is made while a message is processed: it is reserved in the budget
// (MemoryTerm::kWork) as it grows. Up to kUnreservedBytes it needs no reservation: a small
// constant.
//
// The first refusal is kept in failure(); appending has no effect after it. Memory is reused after
// clear(), and reservations are kept until the text is destroyed. One thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "memory/work.h"

namespace millrace {

class ReservedText {
 public:
  static constexpr size_t kUnreservedBytes = 16 * 1024;

  // `what` is a literal for the error, such as "masking values".
  ReservedText(Work& work, std::string_view what) : work_(&work), what_(what) {}

  void append(std::string_view bytes) {
    if (make_room(bytes.size())) text_.append(bytes);
  }
  void append(char byte) {
    if (make_room(1)) text_ += byte;
  }
  // False when the budget refused.
  bool make_room(size_t more) {
    return !failed() && (more <= text_.capacity() - text_.size() || grow(more));
  }
  // Views of the text are void after it has grown.
  std::string_view view() const { return text_; }
  size_t size() const { return text_.size(); }
  void insert(size_t at, std::string_view bytes) {
    if (make_room(bytes.size())) text_.insert(at, bytes);
  }
  void clear() { text_.clear(); }
  void truncate(size_t size) { text_.resize(size); }
  // Forgets the text and the failure.
  void reset() {
    text_.clear();
    failure_.reset();
  }

  bool failed() const { return failure_.has_value(); }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  bool grow(size_t more);

  Work* work_;
  std::string_view what_;
  std::string text_;
  Reservation memory_;
  std::optional<Error> failure_;
};

}  // namespace millrace
