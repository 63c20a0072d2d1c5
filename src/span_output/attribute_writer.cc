#include "span_output/attribute_writer.h"

#include <array>
#include <cstring>

#include "wire/protobuf.h"

namespace millrace::span_output {

using otlp::json::Output;
using wire::WireType;

namespace {

// Bytes of the tag and the length of a field with a small number.
constexpr size_t kHeadBytesMax = 16;

// The fields of AnyValue.
constexpr uint32_t kStringValue = 1;
constexpr uint32_t kBooleanValue = 2;
constexpr uint32_t kIntegerValue = 3;
constexpr uint32_t kDoubleValue = 4;
constexpr uint32_t kBytesValue = 7;

// The key, and the head of a value of that size.
bool open_attribute(Output& out, uint32_t number, std::string_view key, size_t value_size) {
  const size_t key_size = key.empty() ? 0 : wire::len_field_size(1, key.size());
  const size_t size = key_size + wire::len_field_size(2, value_size);
  if (!out.need(kHeadBytesMax + size)) return false;
  out.tag(number, WireType::kLen);
  out.varint(size);
  if (!key.empty()) {
    out.tag(1, WireType::kLen);
    out.varint(key.size());
    out.bytes(key.data(), key.size());
  }
  out.tag(2, WireType::kLen);
  out.varint(value_size);
  return true;
}

void put_big_endian(uint64_t value, char* into) {
  for (size_t i = 0; i < 8; ++i) into[i] = static_cast<char>(value >> (56 - 8 * i));
}

}  // namespace

bool write_text(Output& out, uint32_t number, std::string_view text) {
  if (!out.need(kHeadBytesMax + text.size())) return false;
  out.tag(number, WireType::kLen);
  out.varint(text.size());
  out.bytes(text.data(), text.size());
  return true;
}
bool write_fixed64(Output& out, uint32_t number, uint64_t value) {
  if (!out.need(kHeadBytesMax)) return false;
  out.tag(number, WireType::kI64);
  out.fixed(value);
  return true;
}
bool write_varint(Output& out, uint32_t number, uint64_t value) {
  if (!out.need(kHeadBytesMax)) return false;
  out.tag(number, WireType::kVarint);
  out.varint(value);
  return true;
}

bool write_span_id(Output& out, uint32_t number, uint64_t id) {
  if (id == 0) return true;
  std::array<char, 8> bytes{};
  put_big_endian(id, bytes.data());
  return write_text(out, number, {bytes.data(), bytes.size()});
}
bool write_trace_id(Output& out, uint32_t number, uint64_t high, uint64_t low) {
  if (high == 0 && low == 0) return true;
  std::array<char, 16> bytes{};
  put_big_endian(high, bytes.data());
  put_big_endian(low, bytes.data() + 8);
  return write_text(out, number, {bytes.data(), bytes.size()});
}

bool write_string_attribute(Output& out, uint32_t number, std::string_view key,
                            std::string_view value) {
  return open_attribute(out, number, key, wire::len_field_size(kStringValue, value.size())) &&
         write_text(out, kStringValue, value);
}
bool write_integer_attribute(Output& out, uint32_t number, std::string_view key, int64_t value) {
  const auto bits = static_cast<uint64_t>(value);
  return open_attribute(out, number, key, 1 + wire::varint_size(bits)) &&
         write_varint(out, kIntegerValue, bits);
}
bool write_double_attribute(Output& out, uint32_t number, std::string_view key, double value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return open_attribute(out, number, key, 9) && write_fixed64(out, kDoubleValue, bits);
}
bool write_boolean_attribute(Output& out, uint32_t number, std::string_view key, bool value) {
  return open_attribute(out, number, key, 2) && write_varint(out, kBooleanValue, value ? 1 : 0);
}
bool write_bytes_attribute(Output& out, uint32_t number, std::string_view key,
                           std::string_view value) {
  return open_attribute(out, number, key, wire::len_field_size(kBytesValue, value.size())) &&
         write_text(out, kBytesValue, value);
}

}  // namespace millrace::span_output
