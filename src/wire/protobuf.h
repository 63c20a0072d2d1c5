// The part of the protobuf wire format that a walk over bytes needs: varints, tags, lengths and
// skipping of unknown values (https://protobuf.dev/programming-guides/encoding/).
//
// The functions take the position and the end, and return the position behind what they read, or
// null when the bytes are not valid. They accept what libprotobuf accepts: varints of up to ten
// bytes whether minimal or not, tags and lengths of up to five. The one exception: a tag whose
// value passes 32 bits is refused, where libprotobuf's C++ drops the upper bits. Thread safe: no
// state. Cost: a one-byte varint is one load and one branch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace millrace::wire {

enum class WireType : uint8_t {
  kVarint = 0,
  kI64 = 1,
  kLen = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kI32 = 5,
};

inline constexpr uint32_t kFieldNumberMax = (1u << 29) - 1;
// libprotobuf's default. Counts messages and groups below the outermost message.
inline constexpr int kDepthMax = 100;
inline constexpr size_t kVarintBytesMax = 10;
// libprotobuf's bound for a length, so that a position still fits an int.
inline constexpr uint32_t kLengthMax = INT32_MAX - 16;

constexpr uint32_t make_tag(uint32_t field_number, WireType type) {
  return field_number << 3 | static_cast<uint32_t>(type);
}
constexpr uint32_t field_number_of(uint32_t tag) { return tag >> 3; }
// Returns 6 and 7 unchanged; skip_value refuses them.
constexpr WireType wire_type_of(uint32_t tag) { return static_cast<WireType>(tag & 7); }

constexpr uint64_t zigzag_encode(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t zigzag_decode(uint64_t value) {
  return static_cast<int64_t>(value >> 1 ^ (~(value & 1) + 1));
}

// The encoded size of `value`: 1 to 10 bytes.
constexpr size_t varint_size(uint64_t value) {
  return (static_cast<size_t>(63 - __builtin_clzll(value | 1)) * 9 + 73) / 64;
}
constexpr size_t tag_size(uint32_t field_number) {
  return varint_size(uint64_t{field_number} << 3);
}
// The size of tag, length and content of a length-delimited field.
constexpr size_t len_field_size(uint32_t field_number, size_t content_size) {
  return tag_size(field_number) + varint_size(content_size) + content_size;
}
// Precondition: `into` has room for varint_size(value) bytes. Returns the position behind it.
inline uint8_t* write_varint(uint8_t* into, uint64_t value) {
  while (value >= 0x80) {
    *into++ = static_cast<uint8_t>(value | 0x80);
    value >>= 7;
  }
  *into++ = static_cast<uint8_t>(value);
  return into;
}

namespace detail {
const uint8_t* read_long_varint(const uint8_t* at, const uint8_t* end, uint64_t* value);
const uint8_t* read_long_tag(const uint8_t* at, const uint8_t* end, uint32_t* tag);
const uint8_t* read_long_length(const uint8_t* at, const uint8_t* end, uint32_t* length);
}  // namespace detail

inline const uint8_t* read_varint(const uint8_t* at, const uint8_t* end, uint64_t* value) {
  if (__builtin_expect(at < end && *at < 0x80, 1)) {
    *value = *at;
    return at + 1;
  }
  return detail::read_long_varint(at, end, value);
}

inline const uint8_t* skip_varint(const uint8_t* at, const uint8_t* end) {
  const uint8_t* const limit =
      static_cast<size_t>(end - at) < kVarintBytesMax ? end : at + kVarintBytesMax;
  while (at < limit) {
    if (*at++ < 0x80) return at;
  }
  return nullptr;
}

// Does not check the tag: skip_value refuses field number 0 and wire types 6 and 7.
inline const uint8_t* read_tag(const uint8_t* at, const uint8_t* end, uint32_t* tag) {
  if (__builtin_expect(at < end && *at < 0x80, 1)) {
    *tag = *at;
    return at + 1;
  }
  return detail::read_long_tag(at, end, tag);
}

// Reads the length of a length-delimited value. Null also when the value would exceed the end.
inline const uint8_t* read_length(const uint8_t* at, const uint8_t* end, uint32_t* length) {
  if (__builtin_expect(at < end && *at < 0x80, 1)) {
    *length = *at++;
  } else {
    at = detail::read_long_length(at, end, length);
    if (__builtin_expect(at == nullptr, 0)) return nullptr;
  }
  return *length <= static_cast<size_t>(end - at) ? at : nullptr;
}

// Skips the value behind `tag`. A group is skipped as a whole and its fields are checked. `depth`
// is the number of levels that may still be entered. Null also for field number 0, wire types 6 and
// 7, and the end tag of a group that was not begun.
const uint8_t* skip_value(uint32_t tag, const uint8_t* at, const uint8_t* end, int depth);

// Precondition of both functions: 8 (fixed64) or 4 (fixed32) bytes are readable.
inline uint64_t load_fixed64(const uint8_t* at) {
  uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
inline uint32_t load_fixed32(const uint8_t* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

// One field of a message. Its spans are views into the message.
struct Field {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  uint64_t value = 0;              // varint, I64 and I32
  std::span<const uint8_t> bytes;  // LEN: the content. Group: the fields and the end tag
  std::span<const uint8_t> whole;  // tag, length and value as received

  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  double as_double() const {
    double number_value;
    std::memcpy(&number_value, &value, sizeof number_value);
    return number_value;
  }
  bool is(uint32_t wanted_number, WireType wanted_type) const {
    return number == wanted_number && type == wanted_type;
  }
};

// Reads the fields of one message in order of appearance:
//   wire::FieldReader reader(message);
//   for (wire::Field field; reader.next(&field);) …
//   if (!reader.ok()) …
class FieldReader {
 public:
  explicit FieldReader(std::span<const uint8_t> message, int depth = kDepthMax)
      : at_(message.data()), end_(message.data() + message.size()), depth_(depth) {}
  // False at the end and at the first invalid byte; ok() distinguishes the two.
  bool next(Field* field) {
    // Most fields are length-delimited, with a tag and a length of one byte each. An invalid field,
    // in front of which the reader stays, is none of them.
    const auto left = static_cast<size_t>(end_ - at_);
    if (left >= 2 && (at_[0] & 0x87) == static_cast<uint8_t>(WireType::kLen) && at_[0] >= 8 &&
        at_[1] < 0x80 && size_t{at_[1]} + 2 <= left) {
      const size_t length = at_[1];
      field->number = at_[0] >> 3;
      field->type = WireType::kLen;
      field->value = 0;
      field->bytes = {at_ + 2, length};
      field->whole = {at_, length + 2};
      at_ += length + 2;
      return true;
    }
    return next_of_any_form(field);
  }
  bool ok() const { return ok_; }
  // Where the next field begins; after a failure, where the invalid field begins.
  const uint8_t* position() const { return at_; }

 private:
  bool next_of_any_form(Field* field);

  const uint8_t* at_;
  const uint8_t* end_;
  int depth_;
  bool ok_ = true;
};

}  // namespace millrace::wire
