// The fields of one header section, of HTTP/2 or HTTP/1.1 alike: names in lower case, the request
// line as HTTP/2's pseudo-header fields (":method", ":path", ":authority").
//
// One owner, one thread. Names and values lie in one buffer that clear() keeps, so that a
// connection reads request after request without allocating. Views are valid until the next
// append() or clear().
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::http {

// The fields that every request is asked for; found without a search.
enum class KnownField : uint8_t {
  kMethod,
  kPath,
  kAuthority,
  kContentType,
  kContentLength,
  kContentEncoding,
  kGrpcEncoding,
  kGrpcTimeout,
  kTe,
  kOrigin,
  kCount
};

// One field of an answer; the name in lower case.
struct ResponseField {
  std::string name;
  std::string value;
};

class HeaderList {
 public:
  struct Field {
    std::string_view name, value;
  };

  HeaderList() { clear(); }
  void clear();
  // The fields are of no more use: a buffer that has become large is given back.
  void release();
  void append(std::string_view name, std::string_view value);
  // Lower-cases the name.
  void append_mixed_case(std::string_view name, std::string_view value);

  size_t count() const { return entries_.size(); }
  Field at(size_t index) const;
  // Names and values and 32 bytes a field (RFC 9113, section 6.5.2).
  size_t size_bytes() const { return buffer_.size() + 32 * entries_.size(); }
  size_t memory_bytes() const { return buffer_.capacity() + sizeof(Entry) * entries_.capacity(); }
  // The value of the first such field, or empty.
  std::string_view find(KnownField field) const {
    const int32_t index = known_[static_cast<size_t>(field)];
    return index < 0 ? std::string_view() : at(static_cast<size_t>(index)).value;
  }
  std::string_view find(std::string_view lower_case_name) const;
  bool has(KnownField field) const { return known_[static_cast<size_t>(field)] >= 0; }

 private:
  struct Entry {
    uint32_t name_offset, name_size, value_size;
  };
  void reserve_first();
  void note(std::string_view name);

  std::string buffer_;
  std::vector<Entry> entries_;
  std::array<int32_t, static_cast<size_t>(KnownField::kCount)> known_;
};

}  // namespace millrace::http
