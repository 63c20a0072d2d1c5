// Shared by the parts that keep telemetry for the console: the copy, its cost, and the part of the
// budget that stays free for messages. Any thread.
#pragma once

#include "base/allocation_name.h"
#include "base/bytes.h"
#include "memory/budget.h"

namespace millrace::recent {

// The memory of what is kept beside its bytes: itself, its place in a list, the chunk's head.
inline constexpr size_t kKeptCost = 256;

// Only the last eighth of the budget, or less, would be left.
inline bool is_short_for(const Budget& budget, size_t bytes) {
  constexpr size_t kFreePart = 8;
  return budget.used() + bytes > budget.limit() - budget.limit() / kFreePart;
}

// One piece of its own. The caller has reserved it under MemoryTerm::kRecent.
inline Bytes kept_copy_of(const Rope& rope) {
  if (rope.empty()) return {};
  const AllocationName name("term recent");
  Chunk* const chunk = allocate_chunk(rope.size());
  rope.copy_to(chunk->data());
  return {ChunkRef::adopt(chunk), chunk->data(), rope.size()};
}

}  // namespace millrace::recent
