// Limits for each client: requests, items and bytes a second, as token buckets.
//
// A request is let in while none of its client's buckets is in debt; what it turns out to hold is
// charged when it is known, also beyond what there is: one large request is let in and paid off
// before the next. So the answer stands when the head is complete, nothing is refused half way, and
// over time no client gets more than its rate. Every request is charged, also one that is refused
// later as bad data or because a queue is full.
//
// The table keeps a keyed hash of a client's identity, not the identity. The table is bounded; the
// client seen longest ago is evicted first, with its debt, so clients_max should exceed the number
// of clients.
//
// Threads: safe from any; a short lock of one of a few parts of the table, two or three times a
// request, some 100 ns each.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/keyed_hash.h"
#include "transport/request_gate.h"

namespace millrace::access {

struct Rate {
  double per_second = 0;  // 0: no limit
  double burst = 0;       // at once, after a pause; 0: as much as comes in a second, at least 1
};

struct LimitOptions {
  // What identifies a client. Requests without the field or the identity count as one client.
  enum class Key : uint8_t { kClientAddress, kIdentity, kHeader };
  Key key = Key::kClientAddress;
  std::string header;  // kHeader: its name, in lower case
  Rate requests;
  Rate items;
  Rate bytes;  // as on the wire, before decompression
  size_t clients_max = 10'000;
};

class ClientLimits final : public transport::RequestGate, public transport::RequestMeter {
 public:
  explicit ClientLimits(LimitOptions options);

  std::optional<transport::GateRefusal> on_head(const transport::RequestHead& head,
                                                transport::RequestPass& pass) override;
  void charge_bytes(const transport::RequestPass& pass, uint64_t bytes, MonotonicTime now) override;
  void charge_items(const transport::RequestPass& pass, uint64_t items, MonotonicTime now) override;

  // Clients that the table knows now, and how many it has forgotten for want of room.
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
    mutable std::mutex mutex;   // the rest
    std::list<Client> clients;  // the one seen last in front
    std::unordered_map<Digest, std::list<Client>::iterator, DigestHash> places;
  };

  Digest digest_of(const transport::RequestHead& head, const transport::RequestPass& pass) const;
  Part& part_of(const Digest& digest) { return parts_[digest[1] % parts_.size()]; }
  Client& find_or_add(Part& part, const Digest& digest, MonotonicTime now);
  void fill(Client& client, MonotonicTime now) const;
  void charge(const transport::RequestPass& pass, Dimension dimension, uint64_t amount,
              MonotonicTime now);

  const LimitOptions options_;
  const std::array<Rate, kDimensions> rates_;
  const HashKey key_;
  std::vector<Part> parts_;
  std::atomic<uint64_t> forgotten_{0};  // any thread adds, metrics read; relaxed
};

}  // namespace millrace::access
