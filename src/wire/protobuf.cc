#include "wire/protobuf.h"

namespace millrace::wire {

namespace detail {

const uint8_t* read_long_varint(const uint8_t* at, const uint8_t* end, uint64_t* value) {
  uint64_t sum = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (at >= end) return nullptr;
    const uint8_t byte = *at++;
    sum |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = sum;
      return at;
    }
  }
  return nullptr;
}

const uint8_t* read_long_tag(const uint8_t* at, const uint8_t* end, uint32_t* tag) {
  uint64_t sum = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    if (at >= end) return nullptr;
    const uint8_t byte = *at++;
    sum |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (sum > UINT32_MAX) return nullptr;
      *tag = static_cast<uint32_t>(sum);
      return at;
    }
  }
  return nullptr;
}

const uint8_t* read_long_length(const uint8_t* at, const uint8_t* end, uint32_t* length) {
  uint32_t wide = 0;
  at = read_long_tag(at, end, &wide);
  if (at == nullptr || wide > kLengthMax) return nullptr;
  *length = wide;
  return at;
}

}  // namespace detail

namespace {

// Skips from behind the start tag up to and including the end tag of the same number.
const uint8_t* skip_group(uint32_t number, const uint8_t* at, const uint8_t* end, int depth) {
  if (depth <= 0) return nullptr;
  while (at != nullptr && at < end) {
    uint32_t tag = 0;
    at = read_tag(at, end, &tag);
    if (at == nullptr) return nullptr;
    if (wire_type_of(tag) == WireType::kEndGroup) {
      return field_number_of(tag) == number ? at : nullptr;
    }
    at = skip_value(tag, at, end, depth - 1);
  }
  return nullptr;
}

}  // namespace

const uint8_t* skip_value(uint32_t tag, const uint8_t* at, const uint8_t* end, int depth) {
  if (field_number_of(tag) == 0) return nullptr;
  uint32_t length = 0;
  switch (wire_type_of(tag)) {
    case WireType::kVarint:
      return skip_varint(at, end);
    case WireType::kI64:
      return end - at >= 8 ? at + 8 : nullptr;
    case WireType::kI32:
      return end - at >= 4 ? at + 4 : nullptr;
    case WireType::kLen:
      at = read_length(at, end, &length);
      return at == nullptr ? nullptr : at + length;
    case WireType::kStartGroup:
      return skip_group(field_number_of(tag), at, end, depth);
    case WireType::kEndGroup:
      break;
  }
  return nullptr;
}

namespace {

// Reads any field but those of the short ways above, without `whole`. Returns the end of it, or
// null. Apart from the caller, whose short way then saves no registers.
[[gnu::noinline]] const uint8_t* read_rare_form(const uint8_t* at, const uint8_t* end, int depth,
                                                Field* field) {
  uint32_t tag = 0;
  const uint8_t* const value = read_tag(at, end, &tag);
  if (value == nullptr || field_number_of(tag) == 0) return nullptr;
  field->number = field_number_of(tag);
  field->type = wire_type_of(tag);
  field->value = 0;
  field->bytes = {};
  switch (field->type) {
    case WireType::kVarint:
      return read_varint(value, end, &field->value);
    case WireType::kI64:
      if (end - value < 8) return nullptr;
      field->value = load_fixed64(value);
      return value + 8;
    case WireType::kI32:
      if (end - value < 4) return nullptr;
      field->value = load_fixed32(value);
      return value + 4;
    case WireType::kLen: {
      uint32_t length = 0;
      const uint8_t* const content = read_length(value, end, &length);
      if (content == nullptr) return nullptr;
      field->bytes = {content, length};
      return content + length;
    }
    default: {
      const uint8_t* const after = skip_value(tag, value, end, depth);
      if (after != nullptr) field->bytes = {value, after};
      return after;
    }
  }
}

}  // namespace

bool FieldReader::next_of_any_form(Field* field) {
  if (at_ >= end_ || !ok_) return false;
  // Most messages in a list have a length of two bytes.
  if (end_ - at_ >= 3 && (at_[0] & 0x87) == static_cast<uint8_t>(WireType::kLen) && at_[0] >= 8 &&
      at_[1] >= 0x80 && at_[2] < 0x80) {
    const size_t length = (at_[1] & 0x7fu) | size_t{at_[2]} << 7;
    if (length > static_cast<size_t>(end_ - at_) - 3) {
      ok_ = false;
      return false;
    }
    *field = {.number = static_cast<uint32_t>(at_[0]) >> 3,
              .type = WireType::kLen,
              .bytes = {at_ + 3, length},
              .whole = {at_, length + 3}};
    at_ += length + 3;
    return true;
  }
  ok_ = false;
  const uint8_t* const after = read_rare_form(at_, end_, depth_, field);
  if (after == nullptr) return false;
  field->whole = {at_, after};
  at_ = after;
  ok_ = true;
  return true;
}

}  // namespace millrace::wire
