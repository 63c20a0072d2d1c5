#include "transport/server.h"

#include <iterator>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "transport/server_connection.h"
#include "transport/server_context.h"

namespace millrace::transport {
namespace {

class OtlpServer final : public Server, public ConnectionOwner {
 public:
  OtlpServer(io::Loop& loop, ChunkPool& pool, ServerOptions options, ServerObserver& observer)
      : context_(loop, pool, std::move(options), observer), alive_(std::make_shared<bool>(true)) {}
  ~OtlpServer() override {
    *alive_ = false;
    for (size_t i = connections_.size(); i > 0; --i) context_.observer.on_connections(-1);
  }

  Result<uint16_t> listen(const io::ListenOptions& where) override {
    auto listener = context_.loop.listen(
        where, [this](std::unique_ptr<io::Stream> stream) { adopt(std::move(stream)); });
    if (!listener) return fail(std::move(listener.error()));
    listeners_.push_back(std::move(*listener));
    return listeners_.back()->port();
  }

  void adopt(std::unique_ptr<io::Stream> stream) override {
    if (draining_) return refuse(*stream, "shutting_down");
    if (connections_.size() >= context_.options.connections_max) {
      return refuse(*stream, "too_many_connections");
    }
    const size_t bytes = kConnectionBytes + (stream->tls().active ? kTlsConnectionBytes : 0);
    Reservation memory =
        Reservation::try_make(context_.pool.budget(), MemoryTerm::kConnections, bytes);
    if (!memory) return refuse(*stream, "memory");
    connections_.emplace_back(context_, *this, std::move(stream), std::move(memory));
    places_.emplace(&connections_.back(), std::prev(connections_.end()));
    context_.observer.on_connections(1);
  }

  void drain(std::function<void()> on_drained) override {
    draining_ = true;
    on_drained_ = std::move(on_drained);
    listeners_.clear();
    for (ServerConnection& connection : connections_) connection.begin_drain();
    // Also when there is no connection: the answer comes from the loop, not from inside this call.
    schedule();
  }

  size_t connection_count() const override { return connections_.size(); }

  void flush_later(ServerConnection& connection) override {
    dirty_.push_back(&connection);
    schedule();
  }

 private:
  void refuse(const io::Stream& stream, std::string_view reason) {
    context_.observer.on_rejected(Protocol::kGrpc, std::nullopt, reason, "connection closed",
                                  stream.peer_address());
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
    for (ServerConnection* connection : flushing_) {
      if (connection->flush()) continue;
      const auto place = places_.find(connection);
      connections_.erase(place->second);
      places_.erase(place);
      context_.observer.on_connections(-1);
    }
    flushing_.clear();
    if (draining_ && connections_.empty() && on_drained_) std::exchange(on_drained_, nullptr)();
  }

  ServerContext context_;
  std::shared_ptr<bool> alive_;  // shared with the task that ends the turn, which may outlive this
  std::vector<std::unique_ptr<io::Listener>> listeners_;
  std::vector<ServerConnection*> dirty_;
  std::vector<ServerConnection*> flushing_;
  // In the order of accepting: what is done to all of them must not depend on addresses, or a
  // seed of the simulation would not replay.
  std::list<ServerConnection> connections_;
  std::unordered_map<const ServerConnection*, std::list<ServerConnection>::iterator> places_;
  std::function<void()> on_drained_;
  bool scheduled_ = false;
  bool draining_ = false;
};

}  // namespace

std::unique_ptr<Server> make_server(io::Loop& loop, ChunkPool& pool, ServerOptions options,
                                    ServerObserver& observer) {
  return std::make_unique<OtlpServer>(loop, pool, std::move(options), observer);
}

}  // namespace millrace::transport
