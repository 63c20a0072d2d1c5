// A hash table from KeyHash to a pointer: open addressing in parts of its own, so that growing
// never moves more than a part of it at once.
//
// One thread. 24 bytes for each slot, of which at most seven eighths are used.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "prometheus_series/key_hash.h"

namespace millrace::exporters {

template <class Value>
class KeyTable {
 public:
  // Null: not there.
  Value* find(const KeyHash& key) const {
    const Part& part = part_of(key);
    if (part.slots.empty()) return nullptr;
    for (size_t at = home(part, key);; at = next(part, at)) {
      const Slot& slot = part.slots[at];
      if (slot.value == nullptr) return nullptr;
      if (slot.key == key) return slot.value;
    }
  }
  // Precondition: the key is not there, `value` is not null.
  void insert(const KeyHash& key, Value* value) {
    Part& part = part_of(key);
    if ((part.count + 1) * 8 > part.slots.size() * 7) grow(part);
    put(part, key, value);
    ++part.count;
  }
  void erase(const KeyHash& key) {
    Part& part = part_of(key);
    if (part.slots.empty()) return;
    size_t at = home(part, key);
    while (part.slots[at].value != nullptr && part.slots[at].key != key) at = next(part, at);
    if (part.slots[at].value == nullptr) return;
    --part.count;
    // What follows in the same run moves up, so that no search ends at the gap.
    for (size_t hole = at;;) {
      part.slots[hole].value = nullptr;
      size_t from = hole;
      for (;;) {
        from = next(part, from);
        if (part.slots[from].value == nullptr) return;
        const size_t wanted = home(part, part.slots[from].key);
        const bool stays =
            hole <= from ? hole < wanted && wanted <= from : hole < wanted || wanted <= from;
        if (!stays) break;
      }
      part.slots[hole] = part.slots[from];
      hole = from;
    }
  }
  // The bytes that the table grows by when a key like this is inserted now.
  size_t growth_for(const KeyHash& key) const {
    const Part& part = part_of(key);
    if ((part.count + 1) * 8 <= part.slots.size() * 7) return 0;
    return (grown_size(part) - part.slots.size()) * sizeof(Slot);
  }

 private:
  struct Slot {
    KeyHash key;
    Value* value = nullptr;
  };
  struct Part {
    std::vector<Slot> slots;  // a power of two, or none
    size_t count = 0;
  };
  static constexpr size_t kPartsLog2 = 6;
  static constexpr size_t kSlotsMin = 8;

  static size_t grown_size(const Part& part) {
    return part.slots.empty() ? kSlotsMin : 2 * part.slots.size();
  }
  const Part& part_of(const KeyHash& key) const { return parts_[key.high >> (64 - kPartsLog2)]; }
  Part& part_of(const KeyHash& key) { return parts_[key.high >> (64 - kPartsLog2)]; }
  static size_t home(const Part& part, const KeyHash& key) {
    return key.low & (part.slots.size() - 1);
  }
  static size_t next(const Part& part, size_t at) { return (at + 1) & (part.slots.size() - 1); }

  static void put(Part& part, const KeyHash& key, Value* value) {
    size_t at = home(part, key);
    while (part.slots[at].value != nullptr) at = next(part, at);
    part.slots[at] = {key, value};
  }
  void grow(Part& part) {
    const std::vector<Slot> old = std::exchange(part.slots, std::vector<Slot>(grown_size(part)));
    for (const Slot& slot : old) {
      if (slot.value != nullptr) put(part, slot.key, slot.value);
    }
  }

  std::array<Part, size_t{1} << kPartsLog2> parts_;
};

}  // namespace millrace::exporters
