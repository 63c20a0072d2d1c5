// Finds the fields of one number in a message. The others are skipped without being read: a field
// with a tag of one byte, and a length or varint of one byte, costs about 10 instructions, where
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

// The size of the field at `at` if it has its usual form: a tag of one byte, and a length or varint
// of one byte. 0: another form, an invalid field, or none. Precondition: `left` >= 2 bytes.
inline size_t short_field_size(const uint8_t* at, size_t left) {
  constexpr uint64_t kSizes = 0x0000'0500'0000'0902;  // a byte for each wire type
  const uint8_t tag = at[0];
  size_t size = 0;
  if ((tag & 0x87) == static_cast<uint8_t>(WireType::kLen)) {
    if (at[1] >= 0x80) return 0;
    size = size_t{at[1]} + 2;
  } else {
    if (tag >= 0x80 || ((tag & 7) == 0 && at[1] >= 0x80)) return 0;
    size = kSizes >> 8 * (tag & 7) & 0xff;
  }
  return size <= left && tag >= 8 ? size : 0;
}

// Reads a field in that form. Precondition: short_field_size() is `size`.
inline Field read_short_field(const uint8_t* at, size_t size) {
  Field field;
  field.number = at[0] >> 3;
  field.type = wire_type_of(at[0]);
  field.whole = {at, size};
  switch (field.type) {
    case WireType::kVarint:
      field.value = at[1];
      break;
    case WireType::kI64:
      field.value = load_fixed64(at + 1);
      break;
    case WireType::kI32:
      field.value = load_fixed32(at + 1);
      break;
    default:
      field.bytes = {at + 2, size - 2};
  }
  return field;
}

// A field in any form.
struct AnyFormField {
  const uint8_t* end = nullptr;      // null: it is not valid
  const uint8_t* content = nullptr;  // of a length-delimited field of the number; else null
};
// Precondition: at < message_end.
AnyFormField read_any_form(const uint8_t* at, const uint8_t* message_end, uint32_t number);

class FieldSearch {
 public:
  FieldSearch(std::span<const uint8_t> message, uint32_t number)
      : at_(message.data()),
        end_(message.data() + message.size()),
        number_(number),
        short_tag_(number < 16 ? make_tag(number, WireType::kLen) : kNoByte) {}

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
    const uint8_t* at = at_;
    while (true) {
      for (size_t left; (left = static_cast<size_t>(end_ - at)) >= 2;) {
        const uint8_t tag = at[0];
        size_t size = size_t{at[1]} + 2;
        if (tag == short_tag_) {
          if (at[1] >= 0x80 || size > left) break;
          at_ = at + size;
          return {{at + 2, size - 2}, {at, size}};
        }
        // Most others are length-delimited as well.
        const bool is_usual = (tag & 0x87) == static_cast<uint8_t>(WireType::kLen) && tag >= 8 &&
                              at[1] < 0x80 && size <= left;
        if (!is_usual) {
          size = short_field_size(at, left);
          if (size == 0) break;
        }
        at += size;
      }
      AnyFormField field;
      if (at != end_) field = read_any_form(at, end_, number_);
      at_ = field.end == nullptr ? end_ : field.end;
      if (field.end == nullptr) return {};
      if (field.content != nullptr) return {{field.content, field.end}, {at, field.end}};
      at = field.end;
    }
  }

 private:
  static constexpr uint32_t kNoByte = 0x100;

  // Skips fields of other numbers in their short form.
  void skip_short_fields() {
    const uint8_t* at = at_;
    for (size_t left; (left = static_cast<size_t>(end_ - at)) >= 2;) {
      const size_t size = short_field_size(at, left);
      if (size == 0 || at[0] >> 3 == number_) break;
      at += size;
    }
    at_ = at;
  }

  const uint8_t* at_;
  const uint8_t* end_;
  uint32_t number_;
  uint32_t short_tag_;  // of a length-delimited field, if it is one byte
};

// The rest of the message from the last field of that number on, of any wire type. Empty: there is
// none.
std::span<const uint8_t> find_last_field(std::span<const uint8_t> message, uint32_t number);

}  // namespace millrace::wire
