// Requests between two services of which one half, the client's or the server's span, is known and
// the other one is waited for. Shards with a lock each; a lock is held for one edge.
//
// Bounded: at most `edges_max` edges, each reserved in the budget (term keyed_state); an edge that
// finds no room is refused, those that wait stay. Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "item_identity/identity.h"
#include "memory/budget.h"

namespace millrace::connectors::servicegraph {

enum class ConnectionType : uint8_t { kUnknown, kMessaging, kDatabase, kVirtualNode };
enum class VirtualNode : uint8_t { kNone, kClient, kServer };

// A half says what it knows; what is said later wins.
struct Edge {
  std::string client;
  std::string server;
  double client_seconds = 0;
  double server_seconds = 0;
  ConnectionType type = ConnectionType::kUnknown;
  bool has_failed = false;
  bool is_root = false;  // no span is above the server's
  VirtualNode virtual_node = VirtualNode::kNone;
  std::optional<std::string> peer;  // the other side, as the client's attributes say
  // By the dimensions of the options.
  std::vector<std::optional<std::string>> client_dimensions;
  std::vector<std::optional<std::string>> server_dimensions;

  bool is_complete() const { return !client.empty() && !server.empty(); }
  size_t bytes() const;
};

class EdgeStore {
 public:
  static constexpr size_t kShards = 64;

  EdgeStore(Budget& budget, size_t edges_max, Duration ttl)
      : budget_(budget), edges_max_(edges_max), ttl_(ttl) {}

  struct Upserted {
    bool is_new = false;
    bool is_refused = false;       // no room
    std::optional<Edge> complete;  // it is not kept any more
  };
  // Calls update(Edge&) for the edge with that key, which is made if there is none.
  template <class Update>
  Upserted upsert(const item_identity::Identity& key, MonotonicTime now, const Update& update) {
    Shard& shard = shards_[key.high % kShards];
    MutexLock lock(shard.mutex);
    const auto found = shard.by_key.find(key);
    if (found != shard.by_key.end()) {
      Waiting& waiting = *found->second;
      update(waiting.edge);
      if (waiting.edge.is_complete()) return {.complete = take(shard, found->second)};
      return settle_size(shard, found->second);
    }
    Edge edge;
    update(edge);
    if (edge.is_complete()) return {.is_new = true, .complete = std::move(edge)};
    return add(shard, key, now, std::move(edge));
  }
  // The next edge of a shard whose time is over; it is not kept any more.
  std::optional<Edge> take_expired(size_t shard_index, MonotonicTime now);

  size_t size() const { return count_.load(std::memory_order_relaxed); }
  MonotonicTime::duration ttl() const { return ttl_; }

 private:
  struct Waiting {
    item_identity::Identity key;
    Edge edge;
    MonotonicTime expires_at;
    Reservation memory;
  };
  using List = std::list<Waiting>;
  struct Shard {
    Mutex mutex;
    List waiting MILLRACE_GUARDED_BY(mutex);  // those that have waited longest first
    std::unordered_map<item_identity::Identity, List::iterator, item_identity::IdentityHash> by_key
        MILLRACE_GUARDED_BY(mutex);
  };

  Upserted add(Shard& shard, const item_identity::Identity& key, MonotonicTime now, Edge edge)
      MILLRACE_REQUIRES(shard.mutex);
  Upserted settle_size(Shard& shard, List::iterator at) MILLRACE_REQUIRES(shard.mutex);
  Edge take(Shard& shard, List::iterator at) MILLRACE_REQUIRES(shard.mutex);

  Budget& budget_;
  const size_t edges_max_;
  const Duration ttl_;
  std::array<Shard, kShards> shards_;
  std::atomic<size_t> count_{0};  // a sum over the shards, which orders nothing
};

}  // namespace millrace::connectors::servicegraph
