#include <algorithm>
#include <cstring>

#include "c_interface/handles.h"

extern "C" {

millrace_signal millrace_batch_signal(const millrace_batch* batch) {
  return batch == nullptr ? MILLRACE_TRACES : static_cast<millrace_signal>(batch->batch->signal());
}
uint32_t millrace_batch_item_count(const millrace_batch* batch) {
  return batch == nullptr ? 0 : batch->batch->item_count();
}
size_t millrace_batch_byte_count(const millrace_batch* batch) {
  return batch == nullptr ? 0 : batch->batch->byte_count();
}
size_t millrace_batch_piece_count(const millrace_batch* batch) {
  return batch == nullptr ? 0 : batch->batch->pieces().size();
}

millrace_text millrace_batch_piece(const millrace_batch* batch, size_t index) {
  if (batch == nullptr || index >= batch->batch->pieces().size()) return {nullptr, 0};
  const auto piece = batch->batch->pieces()[index];
  return {reinterpret_cast<const char*>(piece.data()), piece.size()};
}

size_t millrace_batch_copy(const millrace_batch* batch, void* to, size_t size) {
  if (batch == nullptr || to == nullptr) return 0;
  size_t copied = 0;
  for (const auto piece : batch->batch->pieces()) {
    const size_t count = std::min(piece.size(), size - copied);
    if (count == 0) continue;
    std::memcpy(static_cast<char*>(to) + copied, piece.data(), count);
    copied += count;
  }
  return copied;
}

millrace_batch* millrace_batch_keep(const millrace_batch* batch) {
  if (batch == nullptr) return nullptr;
  return new (std::nothrow) millrace_batch{batch->batch};
}
void millrace_batch_release(millrace_batch* batch) { delete batch; }

}  // extern "C"
