// The writers' side of a Sink: appends bytes to the current chunk and takes the next one when it is
// full. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "prometheus/page_writer.h"

namespace millrace::prometheus {

class PageOutput {
 public:
  explicit PageOutput(Sink& sink) : sink_(sink) {}

  void append(std::string_view text) {
    if (__builtin_expect(text.size() > room(), 0)) return append_in_parts(text);
    // The chunk is null before the first byte.
    if (!text.empty()) std::memcpy(chunk_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  void finish() {
    if (!failed_) sink_.finish(used_);
    chunk_ = {};
    used_ = 0;
  }
  bool failed() const { return failed_; }

 private:
  size_t room() const { return chunk_.size() - used_; }
  void append_in_parts(std::string_view text);

  Sink& sink_;
  std::span<uint8_t> chunk_;
  size_t used_ = 0;
  bool failed_ = false;
};

}  // namespace millrace::prometheus
