#include "otlp/piece_list.h"

namespace millrace::otlp {

void PieceList::append_run(Bytes bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  if (!pieces_.empty()) {
    Bytes& last = pieces_.back();
    if (last.chunk().get() == bytes.chunk().get() && last.data() + last.size() == bytes.data()) {
      const uint8_t* const data = last.data();
      const size_t joined = last.size() + bytes.size();
      last = Bytes(bytes.chunk(), data, joined);
      return;
    }
  }
  pieces_.push_back(std::move(bytes));
}

void PieceList::keep(const Bytes& owner, std::span<const uint8_t> stretch) {
  append_run(Bytes(owner.chunk(), stretch.data(), stretch.size()));
}

void PieceList::keep_or_copy(const Bytes& owner, std::span<const uint8_t> stretch) {
  if (stretch.size() < kCopyBelowBytes) return write(stretch);
  keep(owner, stretch);
}

void PieceList::write_len_prefix(uint32_t field_number, size_t content_size) {
  writer_->raw_varint(wire::make_tag(field_number, wire::WireType::kLen));
  writer_->raw_varint(content_size);
  append_run(writer_->finish());
}

void PieceList::write(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return;
  writer_->raw(bytes);
  append_run(writer_->finish());
}

void PieceList::append(PieceList&& other) {
  for (Bytes& piece : other.pieces_) append_run(std::move(piece));
  other.pieces_.clear();
  other.size_ = 0;
}

Rope PieceList::to_rope() {
  Rope rope;
  for (Bytes& piece : pieces_) rope.append(std::move(piece));
  pieces_.clear();
  size_ = 0;
  return rope;
}

}  // namespace millrace::otlp
