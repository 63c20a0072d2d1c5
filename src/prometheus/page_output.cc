#include "prometheus/page_output.h"

#include <algorithm>

namespace millrace::prometheus {

void PageOutput::append_in_parts(std::string_view text) {
  while (!failed_ && !text.empty()) {
    if (room() == 0) {
      chunk_ = sink_.next_chunk(used_);
      used_ = 0;
      failed_ = chunk_.empty();
      continue;
    }
    const size_t size = std::min(room(), text.size());
    std::memcpy(chunk_.data() + used_, text.data(), size);
    used_ += size;
    text.remove_prefix(size);
  }
}

}  // namespace millrace::prometheus
