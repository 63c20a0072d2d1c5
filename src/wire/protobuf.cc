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
  ok_ = false;  // until the whole field is read
  uint32_t tag = 0;
  const uint8_t* const value = read_tag(at_, end_, &tag);
  if (value == nullptr || field_number_of(tag) == 0) return false;
  field->number = field_number_of(tag);
  field->type = wire_type_of(tag);
  field->value = 0;
  field->bytes = {};
  const uint8_t* after = nullptr;
  switch (field->type) {
    case WireType::kVarint:
      after = read_varint(value, end_, &field->value);
      break;
    case WireType::kI64:
      if (end_ - value < 8) return false;
      field->value = load_fixed64(value);
      after = value + 8;
      break;
    case WireType::kI32:
      if (end_ - value < 4) return false;
      field->value = load_fixed32(value);
      after = value + 4;
      break;
    case WireType::kLen: {
      uint32_t length = 0;
      const uint8_t* const content = read_length(value, end_, &length);
      if (content == nullptr) return false;
      field->bytes = {content, length};
      after = content + length;
      break;
    }
    default:
      after = skip_value(tag, value, end_, depth_);
      if (after != nullptr) field->bytes = {value, after};
  }
  if (after == nullptr) return false;
  field->whole = {at_, after};
  at_ = after;
  ok_ = true;
  return true;
}

}  // namespace millrace::wire
