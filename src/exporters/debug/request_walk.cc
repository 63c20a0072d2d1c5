#include "exporters/debug/request_walk.h"

#include <algorithm>
#include <utility>

namespace millrace::exporters {

RequestWalk::Step RequestWalk::next_resource() {
  scope_ = {};
  resource_ = {};
  while (!reader_.done()) {
    work_.pace.step(otlp::kFieldUnits);
    const uint32_t tag = reader_.read_tag();
    if (tag != wire::make_tag(1, wire::WireType::kLen)) {
      reader_.skip_value(tag);
      continue;
    }
    if (depth_ == Depth::kResources) {
      reader_.skip(reader_.read_varint());
      return Step::kResource;
    }
    const Rope content = reader_.take(reader_.read_varint());
    Bytes bytes;
    if (content.pieces().size() == 1) {
      bytes = content.pieces().front();
    } else if (!content.empty()) {
      ChunkRef chunk = work_.pool.try_acquire(content.size());
      if (!chunk) {
        unreadable_bytes_ = content.size();
        return Step::kUnreadableResource;
      }
      uint8_t* at = chunk->data();
      for (const Bytes& piece : content.pieces()) {
        at = std::copy(piece.data(), piece.data() + piece.size(), at);
        work_.pace.step(piece.size() / 4);
      }
      const uint8_t* const begin = chunk->data();
      bytes = Bytes(std::move(chunk), begin, content.size());
    }
    resource_ = otlp::ResourceView::read(std::move(bytes), bounds_);
    scopes_.emplace(resource_, bounds_);
    return Step::kResource;
  }
  return Step::kEnd;
}

}  // namespace millrace::exporters
