// The header section that a server receives on an HTTP/2 connection: its fields, and its sizes
// against the limit. A section of more than the limit is answered with a refusal, so it is inflated
// to its end (HPACK's state is the connection's), and only counted from there on.
//
// One object for a connection, used for one section after the other. One thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "http/header_list.h"

namespace millrace::http {

class HeaderSection {
 public:
  // A section that inflates to more than so many times the limit ends the connection. One byte can
  // stand for a field of 4 KiB out of the peer's table, and checking that costs microseconds.
  static constexpr size_t kInflatedFactor = 4;
  enum class Kind : uint8_t { kRequest, kTrailers };

  explicit HeaderSection(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Fields of trailers are counted and not kept. Returns what the section before this one inflated
  // to, also where it was malformed.
  size_t begin(Kind kind) {
    fields_.clear();
    kind_ = kind;
    wire_bytes_ = 0;
    return std::exchange(inflated_bytes_, 0);
  }
  // A frame of the section begins and will not be its last.
  void add_frame(size_t payload_bytes) { wire_bytes_ += payload_bytes; }
  // False: too large by far, the connection must end.
  [[nodiscard]] bool add(std::string_view name, std::string_view value) {
    inflated_bytes_ += name.size() + value.size() + 32;  // as SETTINGS_MAX_HEADER_LIST_SIZE counts
    if (is_oversized()) return inflated_bytes_ / kInflatedFactor <= bytes_max_;
    if (kind_ == Kind::kRequest) fields_.append(name, value);
    return true;
  }

  // The section passed the limit; fields() are the part before.
  bool is_oversized() const { return inflated_bytes_ > bytes_max_; }
  const HeaderList& fields() const { return fields_; }
  // The fields are not needed any more.
  void release_fields() { fields_.release(); }
  // Held for the section at the most; `frame_bytes` of the frame under way were received. A Huffman
  // code takes 5 bits or more for a byte.
  size_t memory_bytes(size_t frame_bytes) const {
    return fields_.memory_bytes() + 2 * (wire_bytes_ + frame_bytes);
  }

 private:
  const size_t bytes_max_;
  HeaderList fields_;
  Kind kind_ = Kind::kRequest;
  size_t inflated_bytes_ = 0;
  size_t wire_bytes_ = 0;
};

}  // namespace millrace::http
