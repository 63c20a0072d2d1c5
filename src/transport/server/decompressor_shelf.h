// Decompressors of one loop: one is kept for the next body, others are made where bodies are
// suspended in the middle. One thread.
#pragma once

#include <memory>
#include <utility>

#include "compress/decompressor.h"
#include "memory/budget.h"

namespace millrace::transport {

class DecompressorShelf {
 public:
  // One at a time for as long as it is held. The first is a named constant beside the budget, as
  // the loops' other buffers; more of them are reserved.
  struct Held {
    std::unique_ptr<compress::Decompressor> decompressor;  // null: the budget refuses
    Reservation memory;
  };
  Held take(Budget& budget) {
    if (kept_ != nullptr) return {std::move(kept_), {}};
    if (!has_first_) {
      has_first_ = true;
      return {std::make_unique<compress::Decompressor>(), {}};
    }
    Held held{nullptr,
              Reservation::try_make(budget, MemoryTerm::kWork, compress::kDecompressorBytes)};
    if (held.memory) held.decompressor = std::make_unique<compress::Decompressor>();
    return held;
  }
  void give_back(Held held) {
    if (!held.memory) kept_ = std::move(held.decompressor);
  }

 private:
  std::unique_ptr<compress::Decompressor> kept_;
  bool has_first_ = false;
};

}  // namespace millrace::transport
