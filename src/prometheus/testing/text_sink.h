// A Sink that joins its chunks of a given size into one text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "prometheus/page_writer.h"

namespace millrace::prometheus::testing {

class TextSink final : public Sink {
 public:
  explicit TextSink(size_t chunk_bytes = 64 << 10,
                    size_t chunk_count_max = std::numeric_limits<size_t>::max())
      : chunk_(chunk_bytes), chunk_count_max_(chunk_count_max) {}

  std::span<uint8_t> next_chunk(size_t used) override {
    take(used);
    if (chunk_count_++ == chunk_count_max_) return {};
    return chunk_;
  }
  void finish(size_t used) override {
    take(used);
    is_finished = true;
  }

  std::string text;
  bool is_finished = false;

 private:
  void take(size_t used) {
    text.append(reinterpret_cast<const char*>(chunk_.data()), used);
    // Bytes that a writer left in a chunk must not be read from the next one.
    std::ranges::fill(chunk_, uint8_t{'?'});
  }

  std::vector<uint8_t> chunk_;
  const size_t chunk_count_max_;
  size_t chunk_count_ = 0;
};

}  // namespace millrace::prometheus::testing
