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
  ok_ = false;  // until the whole field is read
  uint32_t tag = 0;
  const uint8_t* at = read_tag(at_, end_, &tag);
  if (at == nullptr) return false;
  const uint8_t* after = skip_value(tag, at, end_, depth_);
  if (after == nullptr) return false;
  field->number = field_number_of(tag);
  field->type = wire_type_of(tag);
  field->value = 0;
  field->bytes = {};
  field->whole = {at_, after};
  switch (field->type) {
    case WireType::kVarint:
      read_varint(at, end_, &field->value);
      break;
    case WireType::kI64:
      field->value = load_fixed64(at);
      break;
    case WireType::kI32:
      field->value = load_fixed32(at);
      break;
    case WireType::kLen: {
      uint32_t length = 0;
      field->bytes = {read_length(at, end_, &length), after};
      break;
    }
    default:
      field->bytes = {at, after};
  }
  at_ = after;
  ok_ = true;
  return true;
}

}  // namespace millrace::wire
