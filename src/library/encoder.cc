// The builders' encoder, rare cases: growing, long lengths, texts that are not ASCII, and
// values of every type.
#include "millrace/detail/encoder.h"

#include <algorithm>
#include <new>
#include <string>

#include "library/encode_values.h"
#include "wire/utf8.h"

namespace millrace::v1::detail {
namespace {

using library::kEncodedBytesMax;
using library::kValueDepthMax;

}  // namespace

bool Encoder::is_utf8(std::string_view text) noexcept { return wire::is_utf8(text); }

bool Encoder::grow(size_t bytes) noexcept {
  const size_t used = size();
  if (remarks_.failed || bytes > kEncodedBytesMax || used + bytes > kEncodedBytesMax) {
    remarks_.failed = true;
    return false;
  }
  const size_t capacity = std::max(2 * static_cast<size_t>(end_ - begin_), used + bytes + 256);
  auto* larger = new (std::nothrow) uint8_t[capacity];
  if (larger == nullptr) {
    remarks_.failed = true;
    return false;
  }
  std::memcpy(larger, begin_, used);
  release();
  begin_ = larger;
  at_ = larger + used;
  end_ = larger + capacity;
  return true;
}

void Encoder::close_large(Nested nested, size_t content_size) noexcept {
  const size_t more = varint_size(content_size) - 1;
  if (room(more) == nullptr) return;
  uint8_t* content = begin_ + nested.content;
  std::memmove(content + more, content, content_size);
  put_varint(content - 1, content_size);
  at_ += more;
}

void Encoder::repaired_text_field(uint32_t number, std::string_view text) noexcept {
  try {
    const std::string whole = wire::to_utf8(text);
    ++remarks_.repaired_texts;
    bytes_field(number, reinterpret_cast<const uint8_t*>(whole.data()), whole.size());
  } catch (...) {
    remarks_.failed = true;
  }
}

void Encoder::any_text_attribute(uint32_t number, std::string_view key,
                                 std::string_view text) noexcept {
  if (key.empty()) {
    ++remarks_.skipped;
    return;
  }
  const Nested attribute = open(number);
  text_field(1, key);
  const Nested value = open(2);
  text_field(1, text);
  close(value);
  close(attribute);
}

uint8_t* Encoder::begin_any_attribute(uint32_t number, std::string_view key,
                                      size_t value_size) noexcept {
  if (key.empty()) {
    ++remarks_.skipped;
    return nullptr;
  }
  // The key determines the length and may need a repair, so it is written first, alone.
  const Nested attribute = open(number);
  text_field(1, key);
  if (remarks_.failed) return nullptr;
  uint8_t* at = room(value_size + 16);
  if (at == nullptr) return nullptr;
  at[0] = 0x12;
  at[1] = static_cast<uint8_t>(value_size);
  // Closed as if the value were written already, which close() may move; then set back to the
  // value.
  std::memset(at + 2, 0, value_size);
  end_at(at + 2 + value_size);
  close(attribute);
  if (remarks_.failed) return nullptr;
  end_at(this->at() - value_size);
  return this->at();
}

void Encoder::value_content(const Value& value, int depth) noexcept {
  if (depth > kValueDepthMax) {
    ++remarks_.skipped;
    return;
  }
  switch (value.type()) {
    case Value::Type::kText:
      text_field(1, value.as_text());
      return;
    case Value::Type::kBool:
      varint_field(2, value.as_bool() ? 1 : 0);
      return;
    case Value::Type::kInteger:
      varint_field(3, static_cast<uint64_t>(value.as_integer()));
      return;
    case Value::Type::kDouble:
      double_field(4, value.as_double());
      return;
    case Value::Type::kArray:
      array_content(value.as_array(), depth);
      return;
    case Value::Type::kMap:
      map_content(value.as_map(), depth);
      return;
    case Value::Type::kBytes:
      bytes_field(7, value.as_bytes().data(), value.as_bytes().size());
      return;
    case Value::Type::kEmpty:
      return;
  }
}

void Encoder::array_content(std::span<const Value> array, int depth) noexcept {
  const Nested list = open(5);
  for (const Value& element : array) {
    if (remarks_.failed) break;  // the item will not be sent
    const Nested member = open(1);
    value_content(element, depth + 1);
    close(member);
  }
  close(list);
}

void Encoder::map_content(std::span<const Attribute> map, int depth) noexcept {
  const Nested list = open(6);
  for (const Attribute& entry : map) {
    if (remarks_.failed) break;
    const Nested member = open(1);
    text_field(1, entry.key);
    const Nested content = open(2);
    value_content(entry.value, depth + 1);
    close(content);
    close(member);
  }
  close(list);
}

void Encoder::value_attribute(uint32_t number, std::string_view key, const Value& value) noexcept {
  switch (value.type()) {
    case Value::Type::kText:
      return text_attribute(number, key, value.as_text());
    case Value::Type::kBool:
      return bool_attribute(number, key, value.as_bool());
    case Value::Type::kInteger:
      return integer_attribute(number, key, value.as_integer());
    case Value::Type::kDouble:
      return double_attribute(number, key, value.as_double());
    default:
      break;
  }
  if (key.empty()) {
    ++remarks_.skipped;
    return;
  }
  const Nested attribute = open(number);
  text_field(1, key);
  const Nested content = open(2);
  value_content(value, 0);
  close(content);
  close(attribute);
}

void Encoder::value_field(uint32_t number, const Value& value) noexcept {
  const Nested content = open(number);
  value_content(value, 0);
  close(content);
}

}  // namespace millrace::v1::detail
