// Which connection of a loop makes way when there is no place for another one.
//
// A connection is new until its first whole request has been handed on. A flood consists of new
// connections, so one of those goes first; a new connection never finds the door shut because
// others came before it. Without new ones, an idle connection of a peer that has far more than the
// newcomer's makes way.
//
// The rules, in this order:
//  1. The peer with the most new connections loses one of its own. A peer is an IPv4 address or the
//     first 64 bits of an IPv6 address (io::peer_group). A flood from few addresses thus evicts
//     itself.
//  2. Of that peer, the oldest goes; but half of its new connections are sheltered, each for
//     kShelter. Senders may share the address of a flood of R connections a second, with room for
//     N: every sender that needs less than N/2R for handshake and first request gets through, and
//     of the senders that need longer, as over a long line, a share of N/(2R kShelter) does.
//     Without the shelter no sender gets through that needs longer than N/R.
//  3. Without new connections, the peer with the most connections loses one that has had no request
//     under way for kIdleMin, if it has at least two more than the newcomer's peer.
//
// Belongs to one loop; shared by its servers, so that a flood of one port does not shut another.
// Cost: O(1) for each call. Iterates over nothing but the few candidates of rule 3, in an order
// that depends on calls alone, so that a seed of the simulation replays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"

namespace millrace::transport {

class EvictionOrder {
 public:
  static constexpr Duration kShelter = 1s;
  // An attacker that wants to keep 1,600 connections must send 16,000 requests a second.
  static constexpr Duration kIdleMin = 100ms;

  class Connection {
   public:
    // Since when no request is under way; kNever while one is.
    virtual MonotonicTime idle_since() const = 0;
    // Closes the connection, gives back its memory and destroys its entry. The order itself never
    // calls this.
    virtual void evict() = 0;

   protected:
    ~Connection() = default;
  };

  class Entry;
  EvictionOrder();
  ~EvictionOrder();
  EvictionOrder(const EvictionOrder&) = delete;
  EvictionOrder& operator=(const EvictionOrder&) = delete;

  // A new connection. `connection` must outlive the entry, and the order too.
  std::unique_ptr<Entry> add(Connection& connection, std::string_view peer_address);
  // The one to evict for a newcomer from that address; null: the newcomer is to be refused.
  Connection* choose(std::string_view peer_address, MonotonicTime now);

  size_t count() const { return count_; }
  size_t new_count() const { return new_count_; }

 private:
  struct Peer;
  using Peers = std::list<Peer*>;
  using Entries = std::list<Entry*>;
  // Peers by a number of theirs that changes by one at a time: the largest is known at any time.
  class Ranking {
   public:
    explicit Ranking(Peers::iterator Peer::* place) : place_(place) {}
    void enter(Peer& peer);
    void move(Peer& peer, size_t from, size_t to);
    void leave(Peer& peer);
    size_t largest() const { return largest_; }
    Peer* first() const { return largest_ == 0 ? nullptr : by_number_[largest_].front(); }

   private:
    Peers::iterator Peer::* place_;
    std::vector<Peers> by_number_{1};
    size_t largest_ = 0;
  };

  Connection* choose_new(Peer& peer, MonotonicTime now);
  Connection* choose_idle(Peer& peer, MonotonicTime now);
  void remove(Entry& entry);
  void prove(Entry& entry);

  std::unordered_map<std::string, std::unique_ptr<Peer>> peers_;  // never iterated
  Ranking by_new_;
  Ranking by_all_;
  size_t count_ = 0;
  size_t new_count_ = 0;
};

// The place of one open connection; destroying it takes the connection out of the order.
class EvictionOrder::Entry {
 public:
  Entry(EvictionOrder& order, Peer& peer, Connection& connection)
      : order_(order), peer_(peer), connection_(connection) {}
  ~Entry() { order_.remove(*this); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  // Its first whole request has been handed on. At most once.
  void prove() { order_.prove(*this); }
  bool is_new() const { return stage_ != Stage::kProven; }

 private:
  friend class EvictionOrder;
  enum class Stage : uint8_t { kWaiting, kSheltered, kProven };
  EvictionOrder& order_;
  Peer& peer_;
  Connection& connection_;
  Stage stage_ = Stage::kWaiting;
  MonotonicTime sheltered_at_{};
  Entries::iterator place_;
};

}  // namespace millrace::transport
