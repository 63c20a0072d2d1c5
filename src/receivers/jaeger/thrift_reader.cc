#include "receivers/jaeger/thrift_reader.h"

#include "wire/protobuf.h"

namespace millrace::receivers::jaeger {
namespace {

constexpr uint32_t kVersionMask = 0xffff0000;
constexpr uint32_t kVersion1 = 0x80010000;
constexpr uint8_t kCompactProtocol = 0x82;
constexpr uint8_t kCompactVersion = 1;
constexpr uint8_t kCompactVersionMask = 0x1f;

}  // namespace

bool ThriftReader::fail_at(std::string_view what, const uint8_t* at) {
  what_ = what;
  at_ = at;
  return false;
}

bool ThriftReader::read_byte(uint8_t* into) {
  if (at_ == end_) return cut();
  *into = *at_++;
  return true;
}

bool ThriftReader::read_varint(uint64_t* into) {
  const uint8_t* const after = wire::read_varint(at_, end_, into);
  if (after == nullptr && left() < wire::kVarintBytesMax) {
    at_ = end_;
    return cut();
  }
  if (after == nullptr) return fail_at("has an integer of more than ten bytes", at_);
  at_ = after;
  return true;
}

template <class Integer>
bool ThriftReader::read_big_endian(Integer* into) {
  if (left() < sizeof(Integer)) return cut();
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) value = value << 8 | *at_++;
  *into = static_cast<Integer>(value);
  return true;
}

bool ThriftReader::read_i16(int16_t* into) {
  if (!is_compact()) return read_big_endian(into);
  int32_t value = 0;
  if (!read_i32(&value)) return false;
  *into = static_cast<int16_t>(value);
  return true;
}

bool ThriftReader::read_i32(int32_t* into) {
  if (!is_compact()) return read_big_endian(into);
  uint64_t value = 0;
  if (!read_varint(&value)) return false;
  // Only the lower 32 bits count.
  *into = static_cast<int32_t>(wire::zigzag_decode(static_cast<uint32_t>(value)));
  return true;
}

bool ThriftReader::read_i64(int64_t* into) {
  if (!is_compact()) return read_big_endian(into);
  uint64_t value = 0;
  if (!read_varint(&value)) return false;
  *into = wire::zigzag_decode(value);
  return true;
}

bool ThriftReader::read_double(uint64_t* bits) {
  if (!is_compact()) return read_big_endian(bits);
  if (left() < 8) return cut();
  *bits = wire::load_fixed64(at_);
  at_ += 8;
  return true;
}

bool ThriftReader::read_boolean(const Field& field, bool* into) {
  if (is_compact()) {
    *into = field.boolean;
    return true;
  }
  uint8_t byte = 0;
  if (!read_byte(&byte)) return false;
  *into = byte == 1;
  return true;
}

// A length or a number of elements, of which each takes at least that many bytes.
bool ThriftReader::read_size(size_t element_bytes_min, uint32_t* into) {
  const uint8_t* const begin = at_;
  int32_t size = 0;
  if (is_compact()) {
    uint64_t value = 0;
    if (!read_varint(&value)) return false;
    size = static_cast<int32_t>(static_cast<uint32_t>(value));
  } else if (!read_big_endian(&size)) {
    return false;
  }
  if (size < 0) return fail_at("has a negative length", begin);
  if (static_cast<size_t>(size) > left() / element_bytes_min) {
    return fail_at("has a length that is more than the bytes that are left", begin);
  }
  *into = static_cast<uint32_t>(size);
  return true;
}

bool ThriftReader::read_text(std::string_view* into) {
  uint32_t size = 0;
  if (!read_size(1, &size)) return false;
  *into = {reinterpret_cast<const char*>(at_), size};
  at_ += size;
  pace_.step(8 + size / 16);
  return true;
}

bool ThriftReader::type_of(uint8_t number, Type* into) {
  switch (static_cast<Type>(number)) {
    case Type::kStop:
    case Type::kBoolean:
    case Type::kByte:
    case Type::kDouble:
    case Type::kI16:
    case Type::kI32:
    case Type::kI64:
    case Type::kText:
    case Type::kStruct:
    case Type::kMap:
    case Type::kSet:
    case Type::kList:
    case Type::kUuid:
      *into = static_cast<Type>(number);
      return true;
  }
  return fail_at("has a value of an unknown type", at_ - 1);
}

bool ThriftReader::type_of_compact(uint8_t number, Type* into) {
  static constexpr Type kTypes[] = {Type::kStop,   Type::kBoolean, Type::kBoolean, Type::kByte,
                                    Type::kI16,    Type::kI32,     Type::kI64,     Type::kDouble,
                                    Type::kText,   Type::kList,    Type::kSet,     Type::kMap,
                                    Type::kStruct, Type::kUuid};
  if (number >= std::size(kTypes)) return fail_at("has a value of an unknown type", at_ - 1);
  *into = kTypes[number];
  return true;
}

bool ThriftReader::next_field(Field& field) {
  pace_.step(8);
  field.at = at_;
  uint8_t head = 0;
  if (!read_byte(&head)) return false;
  if (is_compact()) return next_compact_field(field, head);
  return type_of(head, &field.type) && (field.type == Type::kStop || read_big_endian(&field.id));
}

bool ThriftReader::next_compact_field(Field& field, uint8_t head) {
  const uint8_t type = head & 0x0f;
  if (!type_of_compact(type, &field.type)) return false;
  if (field.type == Type::kStop) return true;
  field.boolean = type == 1;
  const uint8_t delta = head >> 4;
  if (delta == 0) return read_i16(&field.id);
  field.id = static_cast<int16_t>(static_cast<uint16_t>(field.id) + delta);
  return true;
}

size_t ThriftReader::bytes_min_of(Type type) const {
  switch (type) {
    case Type::kDouble:
      return 8;
    case Type::kUuid:
      return 16;
    case Type::kI16:
      return is_compact() ? 1 : 2;
    case Type::kI32:
    case Type::kText:
    case Type::kMap:
    case Type::kSet:
    case Type::kList:
      return is_compact() ? 1 : 4;
    case Type::kI64:
      return is_compact() ? 1 : 8;
    default:
      return 1;
  }
}

bool ThriftReader::read_list(Type* element, uint32_t* count) {
  uint8_t head = 0;
  if (!read_byte(&head)) return false;
  if (!is_compact()) return type_of(head, element) && read_size(bytes_min_of(*element), count);
  if (!type_of_compact(head & 0x0f, element)) return false;
  if (head >> 4 == 15) return read_size(bytes_min_of(*element), count);
  *count = head >> 4;
  return *count * bytes_min_of(*element) <= left() ||
         fail("has a length that is more than the bytes that are left");
}

bool ThriftReader::read_map(Type* key, Type* value, uint32_t* count) {
  uint8_t types = 0;
  *key = *value = Type::kStop;
  if (!is_compact()) {
    uint8_t type = 0;
    return read_byte(&type) && type_of(type, key) && read_byte(&type) && type_of(type, value) &&
           read_size(bytes_min_of(*key) + bytes_min_of(*value), count);
  }
  if (!read_size(1, count)) return false;
  if (*count == 0) return true;
  return read_byte(&types) && type_of_compact(types >> 4, key) &&
         type_of_compact(types & 0x0f, value);
}

bool ThriftReader::skip_bytes(size_t count) {
  if (left() < count) return cut();
  at_ += count;
  return true;
}

bool ThriftReader::skip_integer(size_t size) {
  uint64_t value = 0;
  return is_compact() ? read_varint(&value) : skip_bytes(size);
}

bool ThriftReader::skip_struct(int depth) {
  for (Field field;;) {
    if (!next_field(field)) return false;
    if (field.type == Type::kStop) return true;
    if (!skip(field.type, &field, depth)) return false;
  }
}

// `field` is null for elements, whose booleans have a byte in both encodings.
bool ThriftReader::skip(Type type, const Field* field, int depth) {
  pace_.step(8);
  if (depth <= 0) return fail("is nested more than 64 levels deep");
  Type first = Type::kStop;
  Type second = Type::kStop;
  uint32_t count = 0;
  std::string_view text;
  switch (type) {
    case Type::kBoolean:
      return (is_compact() && field != nullptr) || skip_bytes(1);
    case Type::kByte:
      return skip_bytes(1);
    case Type::kI16:
      return skip_integer(2);
    case Type::kI32:
      return skip_integer(4);
    case Type::kI64:
      return skip_integer(8);
    case Type::kDouble:
      return skip_bytes(8);
    case Type::kUuid:
      return skip_bytes(16);
    case Type::kText:
      return read_text(&text);
    case Type::kStruct:
      return skip_struct(depth - 1);
    case Type::kMap:
      if (!read_map(&first, &second, &count)) return false;
      break;
    case Type::kSet:
    case Type::kList:
      if (!read_list(&first, &count)) return false;
      break;
    case Type::kStop:
      return fail("has a value of an unknown type");
  }
  for (; count > 0; --count) {
    if (!skip(first, nullptr, depth - 1)) return false;
    if (type == Type::kMap && !skip(second, nullptr, depth - 1)) return false;
  }
  return true;
}

bool ThriftReader::read_strict_call(std::string_view* name) {
  uint32_t version = 0;
  if (!read_big_endian(&version)) return false;
  if ((version & 0x80000000) == 0) {
    // The old form: the length of the name, the name, the type.
    at_ -= 4;
    return read_text(name) && skip_bytes(1) && skip_bytes(4);
  }
  if ((version & kVersionMask) != kVersion1) return fail("is of an unknown version of Thrift");
  return read_text(name) && skip_bytes(4);
}

bool ThriftReader::read_call(std::string_view* name) {
  if (!is_compact()) return read_strict_call(name);
  uint8_t protocol = 0;
  uint8_t version = 0;
  uint64_t sequence = 0;
  if (!read_byte(&protocol) || !read_byte(&version)) return false;
  if (protocol != kCompactProtocol) return fail("is not Thrift's compact encoding");
  if ((version & kCompactVersionMask) != kCompactVersion) {
    return fail("is of an unknown version of Thrift");
  }
  return read_varint(&sequence) && read_text(name);
}

}  // namespace millrace::receivers::jaeger
