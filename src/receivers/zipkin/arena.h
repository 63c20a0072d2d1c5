// Where decoded strings of one request lie: one chunk of the pool, so that it is reserved before it
// is written. Views into it are valid as long as the arena. One request's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "base/check.h"
#include "memory/chunk_pool.h"

namespace millrace::receivers::zipkin {

class Arena {
 public:
  // Reserves what the strings of `body` can take once they are decoded: a decoded string is never
  // longer than the text it stands in, and text may stand in a string once more (attributes inside
  // of an annotation). Nothing where there is nothing to decode. False: the budget refuses.
  bool try_reserve(ChunkPool& pool, std::string_view body) {
    if (!body.contains('\\')) return true;
    capacity_ = need(body);
    chunk_ = pool.try_acquire(capacity_);
    return static_cast<bool>(chunk_);
  }
  static size_t need(std::string_view body) { return body.contains('\\') ? 2 * body.size() : 0; }

  // Room for `size` bytes, of which finish() keeps some.
  char* begin(size_t size) {
    MILLRACE_CHECK(chunk_ && size <= capacity_ - used_);
    return reinterpret_cast<char*>(chunk_->data()) + used_;
  }
  std::string_view finish(size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(chunk_->data()) + used_, size);
    used_ += size;
    return text;
  }

 private:
  ChunkRef chunk_;
  size_t capacity_ = 0;
  size_t used_ = 0;
};

}  // namespace millrace::receivers::zipkin
