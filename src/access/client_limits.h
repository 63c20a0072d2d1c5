// Limits for each client: requests, items and bytes a second, as token buckets.
//
// A request is admitted while no bucket of its client is in debt. Its cost is charged when it is
// known, even beyond what the bucket holds: a large request is admitted once and its debt is paid
// off before the next one. The decision is therefore final at the end of the headers, and over time
// no client exceeds its rate. Every request is charged, also one that is refused later because of
// bad data or a full queue.
//
// The table keeps a keyed hash of a client's identity, not the identity. The table is bounded; the
// client seen longest ago is evicted first, with its debt, so clients_max should exceed the number
// of clients.
//
// Threads: safe from any. A request takes two or three short locks of some 100 ns each, on one of
// the few parts of the table.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/keyed_hash.h"
#include "base/mutex.h"
#include "transport/server/request_gate.h"

namespace millrace::access {

struct Rate {
  double per_second = 0;  // 0: no limit
  double burst = 0;       // at once after a pause; 0: what one second allows, at least 1
};

struct LimitOptions {
  // What identifies a client. Requests without the field or the identity count as one client.
  enum class Key : uint8_t { kClientAddress, kIdentity, kHeader };
  Key key = Key::kClientAddress;
  std::string header;  // kHeader: the header's name, in lower case
  Rate requests;
  Rate items;
  Rate bytes;  // as received, before decompression
  size_t clients_max = 10'000;
};

class ClientLimits final : public transport::RequestGate, public transport::RequestMeter {
 public:
  explicit ClientLimits(LimitOptions options);

  std::optional<transport::GateRefusal> on_head(const transport::RequestHead& head,
                                                transport::RequestPass& pass) override;
  void charge_bytes(const transport::RequestPass& pass, uint64_t bytes, MonotonicTime now) override;
  void charge_items(const transport::RequestPass& pass, uint64_t items, MonotonicTime now) override;

  // The number of clients in the table, and of those that were evicted because it was full.
  size_t client_count() const;
  uint64_t forgotten_count() const { return forgotten_.load(std::memory_order_relaxed); }

 private:
  enum Dimension : size_t { kRequests, kItems, kBytes, kDimensions };
  struct Bucket {
    double level = 0;
    MonotonicTime filled_at{};
  };
  struct Client {
    Digest digest{};
    std::array<Bucket, kDimensions> buckets{};
  };
  struct Part {
    mutable Mutex mutex;
    // Most recently seen first.
    std::list<Client> clients MILLRACE_GUARDED_BY(mutex);
    std::unordered_map<Digest, std::list<Client>::iterator, DigestHash> places
        MILLRACE_GUARDED_BY(mutex);
  };

  Digest digest_of(const transport::RequestHead& head, const transport::RequestPass& pass) const;
  Part& part_of(const Digest& digest) { return parts_[digest[1] % parts_.size()]; }
  Client& find_or_add(Part& part, const Digest& digest, MonotonicTime now)
      MILLRACE_REQUIRES(part.mutex);
  void fill(Client& client, MonotonicTime now) const;
  void charge(const transport::RequestPass& pass, Dimension dimension, uint64_t amount,
              MonotonicTime now);

  const LimitOptions options_;
  const std::array<Rate, kDimensions> rates_;
  const HashKey key_;
  std::vector<Part> parts_;
  std::atomic<uint64_t> forgotten_{0};  // added to by any thread, read by metrics; relaxed
};

}  // namespace millrace::access
