#include "connectors/servicegraph/edge_store.h"

#include <utility>

namespace millrace::connectors::servicegraph {
namespace {

constexpr size_t kOverheadBytes = 160;  // of the list and of the map

size_t bytes_of(const std::vector<std::optional<std::string>>& values) {
  size_t bytes = values.capacity() * sizeof(values[0]);
  for (const auto& value : values) bytes += value ? value->capacity() : 0;
  return bytes;
}

}  // namespace

size_t Edge::bytes() const {
  return sizeof(Edge) + client.capacity() + server.capacity() + (peer ? peer->capacity() : 0) +
         bytes_of(client_dimensions) + bytes_of(server_dimensions);
}

EdgeStore::Upserted EdgeStore::add(Shard& shard, const item_identity::Identity& key,
                                   MonotonicTime now, Edge edge) {
  const auto refuse = [this] {
    count_.fetch_sub(1, std::memory_order_relaxed);
    return Upserted{.is_refused = true};
  };
  if (count_.fetch_add(1, std::memory_order_relaxed) >= edges_max_) return refuse();
  Reservation memory =
      Reservation::try_make(budget_, MemoryTerm::kKeyedState, kOverheadBytes + edge.bytes());
  if (!memory) return refuse();
  shard.waiting.push_back(
      {.key = key, .edge = std::move(edge), .expires_at = now + ttl_, .memory = std::move(memory)});
  shard.by_key.emplace(key, std::prev(shard.waiting.end()));
  return {.is_new = true};
}

// After an update of one that stays. Without room for what it has grown by it goes, as a new one
// would have.
EdgeStore::Upserted EdgeStore::settle_size(Shard& shard, List::iterator at) {
  const size_t need = kOverheadBytes + at->edge.bytes();
  if (need <= at->memory.bytes()) return {};
  Reservation memory = Reservation::try_make(budget_, MemoryTerm::kKeyedState, need);
  if (!memory) {
    take(shard, at);
    return {.is_refused = true};
  }
  at->memory = std::move(memory);
  return {};
}

Edge EdgeStore::take(Shard& shard, List::iterator at) {
  Edge edge = std::move(at->edge);
  shard.by_key.erase(at->key);
  shard.waiting.erase(at);
  count_.fetch_sub(1, std::memory_order_relaxed);
  return edge;
}

std::optional<Edge> EdgeStore::take_expired(size_t shard_index, MonotonicTime now) {
  Shard& shard = shards_[shard_index];
  MutexLock lock(shard.mutex);
  if (shard.waiting.empty() || shard.waiting.front().expires_at >= now) return std::nullopt;
  return take(shard, shard.waiting.begin());
}

}  // namespace millrace::connectors::servicegraph
