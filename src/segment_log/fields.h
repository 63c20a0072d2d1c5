// Little-endian integers and sized strings, put and read.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace millrace::segment_log {

template <std::unsigned_integral Number>
void put_at(uint8_t* at, Number number) {
  for (size_t i = 0; i < sizeof(Number); ++i) {
    at[i] = static_cast<uint8_t>(number >> (8 * i));
  }
}
template <std::unsigned_integral Number>
Number get_at(const uint8_t* at) {
  Number number = 0;
  for (size_t i = 0; i < sizeof(Number); ++i) {
    number =
        static_cast<Number>(number | static_cast<Number>(static_cast<Number>(at[i]) << (8 * i)));
  }
  return number;
}

class FieldWriter {
 public:
  explicit FieldWriter(size_t expected_bytes = 0) { bytes_.reserve(expected_bytes); }
  template <std::unsigned_integral Number>
  void put(Number number) {
    const size_t at = bytes_.size();
    bytes_.resize(at + sizeof(Number));
    put_at(reinterpret_cast<uint8_t*>(bytes_.data()) + at, number);
  }
  void put_text(std::string_view text) { bytes_ += text; }
  std::span<const uint8_t> bytes() const { return as_span(bytes_); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// After the first field that is not there, ok() is false and everything reads as zero.
class FieldReader {
 public:
  explicit FieldReader(std::span<const uint8_t> bytes) : rest_(bytes) {}
  template <std::unsigned_integral Number>
  Number get() {
    const auto field = take(sizeof(Number));
    return field.empty() ? Number{0} : get_at<Number>(field.data());
  }
  std::string_view get_text(size_t size) { return as_text(take(size)); }
  std::span<const uint8_t> take(size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const auto field = rest_.first(size);
    rest_ = rest_.subspan(size);
    return field;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

}  // namespace millrace::segment_log
