// One whole request, encoded once, with the positions of the parts that differ between requests:
// ids and times. All of them have a fixed width in both encodings, so that the next request is made
// by overwriting these positions, about 10 ns an item.
//
// One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace millrace::load {

enum class SlotKind : uint8_t {
  kTraceIdBytes,  // 16
  kTraceIdHex,    // 32
  kSpanIdBytes,   // 8
  kSpanIdHex,     // 16
  kTimeFixed64,   // 8, little endian
  kTimeDecimal,   // 19 digits: any time between the years 2001 and 2286
};
size_t width_of(SlotKind kind);

struct Slot {
  uint32_t offset = 0;
  SlotKind kind = SlotKind::kSpanIdBytes;
  // Ids: the item's index in the request. Times: nanoseconds since the request's time.
  int64_t argument = 0;
};

// Bytes under construction with their slots.
class Fragment {
 public:
  void append(std::string_view text) { bytes_ += text; }
  void append(char c) { bytes_ += c; }
  void append_slot(SlotKind kind, int64_t argument);
  void append(const Fragment& other);
  // Protobuf: a tag, or the length before the bytes that follow.
  void append_varint(uint64_t value);
  const std::string& bytes() const { return bytes_; }
  const std::vector<Slot>& slots() const { return slots_; }

 private:
  std::string bytes_;
  std::vector<Slot> slots_;
};

class PayloadTemplate {
 public:
  PayloadTemplate(Fragment fragment, uint32_t item_count);

  uint32_t item_count() const { return item_count_; }
  size_t size() const { return fragment_.bytes().size(); }
  // Makes the request whose items are numbered from `first_sequence` and sent at `time`. `reuse` is
  // the chunk of an earlier request of this template: it is overwritten if it has no other holder;
  // otherwise `reuse` becomes a new chunk.
  Bytes make_request(uint16_t generator, uint64_t first_sequence, WallTime time,
                     ChunkRef& reuse) const;

 private:
  void fill(uint8_t* bytes, uint16_t generator, uint64_t first_sequence, WallTime time) const;

  Fragment fragment_;
  uint32_t item_count_;
};

}  // namespace millrace::load
