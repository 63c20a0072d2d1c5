#include "transport/server/eviction_order.h"

#include <algorithm>

#include "base/check.h"
#include "io/address.h"

namespace millrace::transport {

namespace {
// Of rule 3: connections that are looked at for one that is idle.
constexpr int kLooksMax = 8;
}  // namespace

struct EvictionOrder::Peer {
  size_t new_count() const { return waiting.size() + sheltered.size(); }
  size_t count() const { return new_count() + proven.size(); }
  std::string group;
  Entries waiting;    // new, in the order of their coming
  Entries sheltered;  // new, in the order in which they were sheltered
  Entries proven;     // in the order in which they were last looked at
  Peers::iterator place_by_new;
  Peers::iterator place_by_all;
};

void EvictionOrder::Ranking::enter(Peer& peer) {
  by_number_[0].push_back(&peer);
  peer.*place_ = std::prev(by_number_[0].end());
}

void EvictionOrder::Ranking::move(Peer& peer, size_t from, size_t to) {
  if (by_number_.size() <= to) by_number_.resize(to + 1);
  Peers& target = by_number_[to];
  target.splice(target.end(), by_number_[from], peer.*place_);
  largest_ = std::max(largest_, to);
  while (largest_ > 0 && by_number_[largest_].empty()) --largest_;
}

void EvictionOrder::Ranking::leave(Peer& peer) { by_number_[0].erase(peer.*place_); }

EvictionOrder::EvictionOrder() : by_new_(&Peer::place_by_new), by_all_(&Peer::place_by_all) {}
EvictionOrder::~EvictionOrder() { MILLRACE_CHECK(count_ == 0); }

std::unique_ptr<EvictionOrder::Entry> EvictionOrder::add(Connection& connection,
                                                         std::string_view peer_address) {
  std::string group = io::peer_group(peer_address);
  std::unique_ptr<Peer>& peer = peers_[group];
  if (peer == nullptr) {
    peer = std::make_unique<Peer>();
    peer->group = std::move(group);
    by_new_.enter(*peer);
    by_all_.enter(*peer);
  }
  auto entry = std::make_unique<Entry>(*this, *peer, connection);
  peer->waiting.push_back(entry.get());
  entry->place_ = std::prev(peer->waiting.end());
  by_new_.move(*peer, peer->new_count() - 1, peer->new_count());
  by_all_.move(*peer, peer->count() - 1, peer->count());
  ++count_;
  ++new_count_;
  return entry;
}

void EvictionOrder::prove(Entry& entry) {
  MILLRACE_DCHECK(entry.is_new());
  Peer& peer = entry.peer_;
  Entries& from = entry.stage_ == Entry::Stage::kWaiting ? peer.waiting : peer.sheltered;
  peer.proven.splice(peer.proven.end(), from, entry.place_);
  entry.stage_ = Entry::Stage::kProven;
  by_new_.move(peer, peer.new_count() + 1, peer.new_count());
  --new_count_;
}

void EvictionOrder::remove(Entry& entry) {
  Peer& peer = entry.peer_;
  if (entry.is_new()) {
    Entries& from = entry.stage_ == Entry::Stage::kWaiting ? peer.waiting : peer.sheltered;
    from.erase(entry.place_);
    by_new_.move(peer, peer.new_count() + 1, peer.new_count());
    --new_count_;
  } else {
    peer.proven.erase(entry.place_);
  }
  by_all_.move(peer, peer.count() + 1, peer.count());
  --count_;
  if (peer.count() > 0) return;
  by_new_.leave(peer);
  by_all_.leave(peer);
  peers_.erase(std::string(peer.group));
}

EvictionOrder::Connection* EvictionOrder::choose(std::string_view peer_address, MonotonicTime now) {
  if (by_new_.largest() > 0) return choose_new(*by_new_.first(), now);
  const auto found = peers_.find(io::peer_group(peer_address));
  const size_t of_newcomer = found == peers_.end() ? 0 : found->second->count();
  if (by_all_.largest() < of_newcomer + 2) return nullptr;
  return choose_idle(*by_all_.first(), now);
}

EvictionOrder::Connection* EvictionOrder::choose_new(Peer& peer, MonotonicTime now) {
  Entry* victim = nullptr;
  if (!peer.sheltered.empty()) {
    Entry* first = peer.sheltered.front();
    if (peer.waiting.empty() || now >= first->sheltered_at_ + kShelter) victim = first;
  }
  // The oldest takes the place in the shelter that is free, or has just become free. In the same
  // call: where one call freed it and the next filled it, a sender that comes at even intervals
  // might never find it free.
  const size_t sheltered = peer.sheltered.size() - (victim != nullptr ? 1 : 0);
  if (!peer.waiting.empty() && (sheltered + 1) * 2 <= peer.new_count()) {
    Entry* oldest = peer.waiting.front();
    oldest->stage_ = Entry::Stage::kSheltered;
    oldest->sheltered_at_ = now;
    peer.sheltered.splice(peer.sheltered.end(), peer.waiting, oldest->place_);
  }
  return victim != nullptr ? &victim->connection_ : &peer.waiting.front()->connection_;
}

EvictionOrder::Connection* EvictionOrder::choose_idle(Peer& peer, MonotonicTime now) {
  for (int looks = 0; looks < kLooksMax; ++looks) {
    Entry* first = peer.proven.front();
    const MonotonicTime since = first->connection_.idle_since();
    if (since != kNever && now >= since + kIdleMin) return &first->connection_;
    peer.proven.splice(peer.proven.end(), peer.proven, first->place_);
  }
  return nullptr;
}

}  // namespace millrace::transport
