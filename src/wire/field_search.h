// Finds the fields of one number in a message. The others are skipped without being read: a field
// with a tag of one byte, and a length or varint of one byte, costs about 14 instructions, where
// FieldReader needs 20 to 60.
//
// Precondition: the message is valid; otherwise the search ends where it is not. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/protobuf.h"

namespace millrace::wire {

// A length-delimited field; bytes.data() is null where there is none.
struct LenField {
  std::span<const uint8_t> bytes;  // the content
  std::span<const uint8_t> whole;  // tag, length and content as received
};

class FieldSearch {
 public:
  FieldSearch(std::span<const uint8_t> message, uint32_t number)
      : at_(message.data()), end_(message.data() + message.size()), number_(number) {}

  // The next field of that number, of any wire type. False at the end.
  bool next(Field* field) {
    do {
      skip_short_fields();
      FieldReader reader({at_, end_});
      if (!reader.next(field)) return false;
      at_ = reader.position();
    } while (field->number != number_);
    return true;
  }

  // The next length-delimited one, or none.
  LenField next_len() {
    skip_short_fields();
    const auto left = static_cast<size_t>(end_ - at_);
    if (left >= 2 && at_[0] < 0x80 && at_[0] == make_tag(number_, WireType::kLen) &&
        at_[1] < 0x80 && size_t{at_[1]} + 2 <= left) {
      const LenField found{{at_ + 2, at_[1]}, {at_, size_t{at_[1]} + 2}};
      at_ += found.whole.size();
      return found;
    }
    // By value, so that this search stays in registers.
    const LenField found = find_len(*this);
    at_ = found.bytes.data() == nullptr ? end_ : found.whole.data() + found.whole.size();
    return found;
  }

 private:
  static LenField find_len(FieldSearch search);

  // Skips fields of other numbers in their short form.
  void skip_short_fields() {
    constexpr uint8_t kSizes[] = {2, 9, 0, 0, 0, 5, 0, 0};  // by wire type
    const uint8_t* at = at_;
    for (size_t left; (left = static_cast<size_t>(end_ - at)) >= 2; at_ = at) {
      const uint8_t tag = at[0];
      const WireType type = wire_type_of(tag);
      if (tag >= 0x80 || tag < 8 || tag >> 3 == number_) return;
      size_t size = kSizes[tag & 7];
      if (type == WireType::kLen) size = size_t{at[1]} + 2;
      const bool is_long = at[1] >= 0x80 && (type == WireType::kLen || type == WireType::kVarint);
      if (is_long || size == 0 || size > left) return;
      at += size;
    }
  }

  const uint8_t* at_;
  const uint8_t* end_;
  uint32_t number_;
};

}  // namespace millrace::wire
