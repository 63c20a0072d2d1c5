// Reads values of Thrift in its binary and its compact encoding (Apache Thrift's specifications
// thrift-binary-protocol.md and thrift-compact-protocol.md), from bytes that are all there.
//
// Every function is false at the first wrong byte; what() and position() say what is wrong and
// where, and the reader must not be used further. A length or a number of elements that the bytes
// behind it cannot hold is wrong, so that nothing grows by a number alone: each element takes at
// least a byte. Nesting that is skipped is bounded by kDepthMax. Texts are views of the bytes.
// One message's; reports its work to the pace.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/pace.h"

namespace millrace::receivers::jaeger {

class ThriftReader {
 public:
  enum class Encoding : uint8_t { kBinary, kCompact };
  // With the numbers of the binary encoding.
  enum class Type : uint8_t {
    kStop = 0,
    kBoolean = 2,
    kByte = 3,
    kDouble = 4,
    kI16 = 6,
    kI32 = 8,
    kI64 = 10,
    kText = 11,
    kStruct = 12,
    kMap = 13,
    kSet = 14,
    kList = 15,
    kUuid = 16,
  };
  // As in Go's Thrift.
  static constexpr int kDepthMax = 64;

  struct Field {
    Type type = Type::kStop;  // kStop: the end of the struct
    int16_t id = 0;
    bool boolean = false;  // compact: the value of a boolean field
    const uint8_t* at = nullptr;
    bool is(int16_t wanted_id, Type wanted_type) const {
      return id == wanted_id && type == wanted_type;
    }
  };

  ThriftReader(std::span<const uint8_t> bytes, Encoding encoding, Pace& pace)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), encoding_(encoding), pace_(pace) {}

  // The head of a call: its name. `name` is a view.
  bool read_call(std::string_view* name);
  // The next field of a struct. `field` is the one before it, at first a default one.
  bool next_field(Field& field);
  bool read_boolean(const Field& field, bool* into);
  bool read_i32(int32_t* into);
  bool read_i64(int64_t* into);
  bool read_double(uint64_t* bits);
  // Texts and bytes are one type in Thrift.
  bool read_text(std::string_view* into);
  bool read_list(Type* element, uint32_t* count);
  // The value of the field, whatever it is.
  bool skip(const Field& field) { return skip(field.type, &field, kDepthMax); }

  bool fail(std::string_view what) { return fail_at(what, at_); }
  bool fail_at(std::string_view what, const uint8_t* at);
  std::string_view what() const { return what_; }  // static
  const uint8_t* position() const { return at_; }
  // Precondition: of these bytes.
  void go_to(const uint8_t* position) { at_ = position; }

 private:
  size_t left() const { return static_cast<size_t>(end_ - at_); }
  bool is_compact() const { return encoding_ == Encoding::kCompact; }
  bool cut() { return fail("ends in the middle of a value"); }
  bool read_byte(uint8_t* into);
  bool read_varint(uint64_t* into);
  template <class Integer>
  bool read_big_endian(Integer* into);
  bool read_size(size_t element_bytes_min, uint32_t* into);
  bool read_i16(int16_t* into);
  bool next_compact_field(Field& field, uint8_t head);
  bool read_strict_call(std::string_view* name);
  bool type_of(uint8_t number, Type* into);
  bool type_of_compact(uint8_t number, Type* into);
  bool read_map(Type* key, Type* value, uint32_t* count);
  bool skip(Type type, const Field* field, int depth);
  bool skip_struct(int depth);
  bool skip_bytes(size_t count);
  bool skip_integer(size_t size);
  size_t bytes_min_of(Type type) const;

  const uint8_t* at_;
  const uint8_t* const end_;
  const Encoding encoding_;
  Pace& pace_;
  std::string_view what_;
};

}  // namespace millrace::receivers::jaeger
