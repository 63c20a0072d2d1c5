#include "transport/server/server.h"

#include <iterator>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "transport/server/eviction_order.h"
#include "transport/server/server_connection.h"
#include "transport/server/server_context.h"

namespace millrace::transport {
namespace {

// New connections may take a quarter of all places, and of the memory that messages leave to
// connections, but each loop may have a few: a flood of another loop's servers excludes no peer.
constexpr uint32_t kNewConnectionsPart = 4;
constexpr size_t kNewConnectionsFloor = 16;
// For one newcomer: a TLS session needs the memory of three others.
constexpr int kEvictionsMax = 4;

class OtlpServer;

// A connection with its places: in the server's list and in the order of eviction.
class Held final : public ConnectionOwner, public EvictionOrder::Connection {
 public:
  Held(OtlpServer& server, ServerContext& context, EvictionOrder& order, std::string_view peer,
       std::unique_ptr<io::Stream> stream, Reservation memory)
      : server_(server),
        entry_(order.add(*this, peer)),
        connection(context, *this, std::move(stream), std::move(memory)) {}

  void flush_later(ServerConnection&) override;
  void on_proven(ServerConnection&) override {
    if (entry_ != nullptr) entry_->prove();
  }
  MonotonicTime idle_since() const override { return connection.idle_since(); }
  void evict() override {
    const bool is_new = entry_->is_new();
    entry_.reset();
    if (is_new) {
      connection.evict("evicted", "made way for another connection before its first request");
    } else {
      connection.evict("evicted_idle", "made way for a connection of another peer");
    }
  }

 private:
  OtlpServer& server_;
  std::unique_ptr<EvictionOrder::Entry> entry_;  // null once evicted

 public:
  ServerConnection connection;
  std::list<Held>::iterator place;
};

class OtlpServer final : public Server {
 public:
  OtlpServer(io::Loop& loop, ChunkPool& pool, ServerOptions options, ServerObserver& observer,
             io::LongWork* long_work)
      : context_(loop, pool, std::move(options), observer, long_work),
        order_(context_.options.eviction != nullptr ? context_.options.eviction
                                                    : std::make_shared<EvictionOrder>()),
        alive_(std::make_shared<bool>(true)) {}
  ~OtlpServer() override {
    *alive_ = false;
    for (size_t i = connections_.size(); i > 0; --i) context_.observer.on_connections(-1);
  }

  Result<uint16_t> listen(const io::ListenOptions& where) override {
    io::ListenOptions options = where;
    options.on_no_descriptor = [this] { return evict_for(""); };
    auto listener = context_.loop.listen(
        options, [this](std::unique_ptr<io::Stream> stream) { adopt(std::move(stream)); });
    if (!listener) return fail(std::move(listener.error()));
    listeners_.push_back(std::move(*listener));
    return listeners_.back()->port();
  }

  void adopt(std::unique_ptr<io::Stream> stream) override {
    const std::string peer = stream->peer_address();
    if (draining_) return refuse(peer, "shutting_down");
    std::string_view reason;
    const size_t bytes = kConnectionBytes + (stream->tls().active ? kTlsConnectionBytes : 0);
    Reservation memory = find_place(peer, bytes, reason);
    if (!memory) return refuse(peer, reason);
    connections_.emplace_back(*this, context_, *order_, peer, std::move(stream), std::move(memory));
    connections_.back().place = std::prev(connections_.end());
    context_.observer.on_connections(1);
  }

  void drain(std::function<void()> on_drained) override {
    draining_ = true;
    on_drained_ = std::move(on_drained);
    listeners_.clear();
    for (Held& held : connections_) held.connection.begin_drain();
    // Also when there is no connection: the answer comes from the loop, not from inside this call.
    schedule();
  }

  size_t connection_count() const override { return connections_.size(); }

  void flush_later(Held& held) {
    dirty_.push_back(&held);
    schedule();
  }

 private:
  void refuse(std::string_view peer, std::string_view reason) {
    context_.observer.on_rejected(context_.options.port_protocol, std::nullopt, reason,
                                  "connection closed", peer);
  }

  // Memory for another connection, for which others were evicted where it had to be. None: the
  // newcomer is to be refused, for `reason`.
  Reservation find_place(std::string_view peer, size_t bytes, std::string_view& reason) {
    Budget& budget = context_.pool.budget();
    for (int evicted = 0;; ++evicted) {
      reason = what_is_short(bytes);
      if (reason.empty()) {
        Reservation memory = Reservation::try_make(budget, MemoryTerm::kNewConnections, bytes);
        if (memory) return memory;
        reason = "memory";
      }
      if (evicted == kEvictionsMax || !evict_for(peer)) return {};
    }
  }

  // Evicts one connection for a newcomer from `peer`; false: none has to make way for it.
  bool evict_for(std::string_view peer) {
    EvictionOrder::Connection* victim = order_->choose(peer, context_.loop.now());
    if (victim != nullptr) victim->evict();
    return victim != nullptr;
  }

  // Of what another connection needs, apart from free memory; empty: nothing.
  std::string_view what_is_short(size_t bytes) const {
    const uint32_t connections_max = context_.options.connections_max;
    if (order_->count() >= connections_max) return "too_many_connections";
    if (order_->new_count() < kNewConnectionsFloor) return {};
    if (order_->new_count() >= connections_max / kNewConnectionsPart) return "too_many_connections";
    const Budget& budget = context_.pool.budget();
    const size_t share = budget.connections_share();
    const bool over = share > 0 && budget.used(MemoryTerm::kNewConnections) + bytes > share;
    return over ? "memory" : std::string_view();
  }

  void schedule() {
    if (scheduled_) return;
    scheduled_ = true;
    context_.loop.defer([this, alive = alive_] {
      if (*alive) end_turn();
    });
  }

  // All that happened in this turn goes out: one write for each connection.
  void end_turn() {
    scheduled_ = false;
    std::swap(dirty_, flushing_);
    for (Held* held : flushing_) {
      if (held->connection.flush()) continue;
      connections_.erase(held->place);
      context_.observer.on_connections(-1);
    }
    flushing_.clear();
    if (draining_ && connections_.empty() && on_drained_) std::exchange(on_drained_, nullptr)();
  }

  ServerContext context_;
  const std::shared_ptr<EvictionOrder> order_;  // with the other servers of the loop
  std::shared_ptr<bool> alive_;  // shared with the task that ends the turn, which may outlive this
  std::vector<std::unique_ptr<io::Listener>> listeners_;
  std::vector<Held*> dirty_;
  std::vector<Held*> flushing_;
  // In the order of accepting: what is done to all of them must not depend on addresses, or a
  // seed of the simulation would not replay.
  std::list<Held> connections_;
  std::function<void()> on_drained_;
  bool scheduled_ = false;
  bool draining_ = false;
};

void Held::flush_later(ServerConnection&) { server_.flush_later(*this); }

}  // namespace

std::unique_ptr<Server> make_server(io::Loop& loop, ChunkPool& pool, ServerOptions options,
                                    ServerObserver& observer, io::LongWork* long_work) {
  return std::make_unique<OtlpServer>(loop, pool, std::move(options), observer, long_work);
}

}  // namespace millrace::transport
