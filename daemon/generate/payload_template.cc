#include "daemon/generate/payload_template.h"

#include <cstring>

#include "base/check.h"
#include "daemon/generate/numbered_id.h"

namespace millrace::load {
namespace {

void write_hex(uint8_t* into, uint64_t value) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) {
    *into++ = static_cast<uint8_t>(kDigits[(value >> shift) & 15]);
  }
}

void write_decimal(uint8_t* into, uint64_t value) {
  for (size_t i = width_of(SlotKind::kTimeDecimal); i-- > 0; value /= 10) {
    into[i] = static_cast<uint8_t>('0' + value % 10);
  }
}

}  // namespace

size_t width_of(SlotKind kind) {
  switch (kind) {
    case SlotKind::kTraceIdBytes:
    case SlotKind::kSpanIdHex:
      return 16;
    case SlotKind::kTraceIdHex:
      return 32;
    case SlotKind::kSpanIdBytes:
    case SlotKind::kTimeFixed64:
      return 8;
    case SlotKind::kTimeDecimal:
      return 19;
  }
  return 0;
}

void Fragment::append_slot(SlotKind kind, int64_t argument) {
  slots_.push_back({static_cast<uint32_t>(bytes_.size()), kind, argument});
  bytes_.append(width_of(kind), '0');
}

void Fragment::append(const Fragment& other) {
  const auto base = static_cast<uint32_t>(bytes_.size());
  bytes_ += other.bytes_;
  for (Slot slot : other.slots_) {
    slot.offset += base;
    slots_.push_back(slot);
  }
}

void Fragment::append_varint(uint64_t value) {
  while (value >= 0x80) {
    bytes_ += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  bytes_ += static_cast<char>(value);
}

PayloadTemplate::PayloadTemplate(Fragment fragment, uint32_t item_count)
    : fragment_(std::move(fragment)), item_count_(item_count) {
  MILLRACE_CHECK(fragment_.bytes().size() < UINT32_MAX);
}

Bytes PayloadTemplate::make_request(uint16_t generator, uint64_t first_sequence, WallTime time,
                                    ChunkRef& reuse) const {
  const std::string& bytes = fragment_.bytes();
  if (!reuse || !reuse.unique()) {
    reuse = ChunkRef::adopt(allocate_chunk(bytes.size()));
    std::memcpy(reuse->data(), bytes.data(), bytes.size());
  }
  fill(reuse->data(), generator, first_sequence, time);
  return Bytes(reuse, reuse->data(), bytes.size());
}

void PayloadTemplate::fill(uint8_t* bytes, uint16_t generator, uint64_t first_sequence,
                           WallTime time) const {
  const int64_t now = time.time_since_epoch().count();
  const auto number_of = [&](int64_t item) {
    return to_span_number({generator, first_sequence + static_cast<uint64_t>(item)});
  };
  for (const Slot& slot : fragment_.slots()) {
    uint8_t* const at = bytes + slot.offset;
    switch (slot.kind) {
      case SlotKind::kTraceIdBytes: {
        const uint64_t number = number_of(slot.argument);
        write_big_endian(at, number);
        write_big_endian(at + 8, mix(number));
        break;
      }
      case SlotKind::kTraceIdHex: {
        const uint64_t number = number_of(slot.argument);
        write_hex(at, number);
        write_hex(at + 16, mix(number));
        break;
      }
      case SlotKind::kSpanIdBytes:
        write_big_endian(at, number_of(slot.argument));
        break;
      case SlotKind::kSpanIdHex:
        write_hex(at, number_of(slot.argument));
        break;
      case SlotKind::kTimeFixed64: {
        const auto value = static_cast<uint64_t>(now + slot.argument);
        std::memcpy(at, &value, sizeof value);
        break;
      }
      case SlotKind::kTimeDecimal:
        write_decimal(at, static_cast<uint64_t>(now + slot.argument));
        break;
    }
  }
}

}  // namespace millrace::load
