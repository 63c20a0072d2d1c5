#include "assembly/listeners.h"

#include <algorithm>
#include <map>
#include <utility>

#include "memory/work.h"
#include "transport/server/eviction_order.h"
#include "transport/server/message_landing.h"

namespace millrace::assembly {

// The one place that servers know of a receiver.
class Listeners::Switch final : public transport::RequestHandler, public transport::ServerObserver {
 public:
  explicit Switch(std::atomic<int64_t>& connection_count) : connection_count_(connection_count) {}

  void connect(reception::Receiver* receiver) { receiver_ = receiver; }

  void on_request(transport::Request request, transport::Exchange exchange) override {
    if (receiver_ != nullptr) {
      receiver_->on_request(std::move(request), std::move(exchange));
      return;
    }
    transport::Reply reply;
    reply.code = Code::kUnavailable;
    reply.message = "no pipeline takes this signal now";
    reply.retry_after = 1s;
    exchange.reply(reply);
  }
  void on_datagram(size_t listener, const io::Datagram& datagram) {
    if (receiver_ != nullptr) receiver_->on_datagram(listener, datagram);
  }
  void on_rejected(transport::Protocol protocol, std::optional<Signal> signal,
                   std::string_view reason, std::string_view detail,
                   std::string_view peer) override {
    if (receiver_ != nullptr) receiver_->on_rejected(protocol, signal, reason, detail, peer);
  }
  void on_connections(int change) override {
    connection_count_.fetch_add(change, std::memory_order_relaxed);
  }

 private:
  std::atomic<int64_t>& connection_count_;
  reception::Receiver* receiver_ = nullptr;
};

// What happens to the servers of an exporter beside its pages.
class Listeners::PageObserver final : public transport::ServerObserver {
 public:
  PageObserver(std::string exporter, std::atomic<int64_t>& connection_count,
               metrics::Registry& metrics)
      : exporter_(std::move(exporter)), connection_count_(connection_count), metrics_(metrics) {}
  void on_rejected(transport::Protocol, std::optional<Signal>, std::string_view reason,
                   std::string_view, std::string_view) override {
    const auto found = rejected_.find(reason);
    if (found != rejected_.end()) return found->second->add(1);
    metrics::Counter& counter = metrics_.counter(
        "millrace_exporter_rejected_requests",
        "Requests to an exporter's own port that were refused or broken off, by reason.",
        {{"exporter", exporter_}, {"reason", std::string(reason)}});
    rejected_.emplace(reason, &counter);
    counter.add(1);
  }
  void on_connections(int change) override {
    connection_count_.fetch_add(change, std::memory_order_relaxed);
  }

 private:
  const std::string exporter_;
  std::atomic<int64_t>& connection_count_;
  metrics::Registry& metrics_;
  std::map<std::string, metrics::Counter*, std::less<>> rejected_;  // by reason, a few dozen
};

std::string listen_advice(Code code, std::string_view what) {
  if (code == Code::kAlreadyExists) {
    return " (is another collector running? `ss -ltnp` names the process that has the port; stop "
           "it, or change " +
           std::string(what) + ")";
  }
  if (code == Code::kPermissionDenied) {
    return " (ports below 1024 need CAP_NET_BIND_SERVICE; or change " + std::string(what) + ")";
  }
  return {};
}

Listeners::Listeners(io::Loop& loop, ChunkPool& pool, io::LongWork& long_work,
                     std::atomic<int64_t>& connection_count)
    : loop_(loop),
      pool_(pool),
      long_work_(long_work),
      connection_count_(connection_count),
      eviction_(std::make_shared<transport::EvictionOrder>()) {}
Listeners::~Listeners() = default;

void Listeners::add(const ReceiverPlan& receiver,
                    const std::array<bool, kSignalCount>& has_signal) {
  switches_.push_back(std::make_unique<Switch>(connection_count_));
  for (size_t index = 0; index < receiver.listeners.size(); ++index) {
    const ListenerPlan& planned = receiver.listeners[index];
    const reception::ListenerOptions& address = planned.listener.options;
    if (planned.listener.datagrams) {
      datagrams_.push_back(
          {.receiver = switches_.back().get(),
           .listener = index,
           .where = {.host = address.host,
                     .port = address.port,
                     .kernel_buffer_bytes = planned.listener.datagrams->kernel_buffer_bytes},
           .bytes_max = planned.listener.datagrams->bytes_max,
           .what = "receiver " + receiver.id + " on " + address.endpoint});
      continue;
    }
    transport::ServerOptions options = planned.listener.server;
    std::erase_if(options.otlp_routes, [&](const transport::ServerOptions::OtlpRoute& route) {
      return !has_signal[index_of(route.signal)];
    });
    for (auto& route : options.otlp_routes) route.handler = switches_.back().get();
    add_server(planned, std::move(options), *switches_.back(), "receiver " + receiver.id);
  }
}

void Listeners::add(const ExporterPlan& exporter, const transport::PageHandler& page,
                    metrics::Registry& metrics) {
  page_observers_.push_back(
      std::make_unique<PageObserver>(exporter.id, connection_count_, metrics));
  for (const ListenerPlan& planned : exporter.listeners) {
    transport::ServerOptions options = planned.listener.server;
    for (transport::PageRoute& route : options.page_routes) route.handler = page;
    add_server(planned, std::move(options), *page_observers_.back(), "exporter " + exporter.id);
  }
}

void Listeners::add_server(const ListenerPlan& planned, transport::ServerOptions options,
                           transport::ServerObserver& observer, std::string what) {
  // A request that the whole budget cannot hold is too large, and not "try again later".
  const size_t budget_bytes = transport::largest_message_bytes(pool_.budget());
  options.gates = planned.access.gates;
  options.grpc_message_bytes_max = std::min(options.grpc_message_bytes_max, budget_bytes);
  options.http_body_bytes_max = std::min(options.http_body_bytes_max, budget_bytes);
  options.eviction = eviction_;
  const reception::ListenerOptions& address = planned.listener.options;
  servers_.push_back(
      {.server = transport::make_server(loop_, pool_, std::move(options), observer, &long_work_),
       .where = {.host = address.host, .port = address.port, .tls = planned.tls},
       .what = std::move(what) + " on " + address.endpoint});
}

void Listeners::connect(size_t index, reception::Receiver* receiver) {
  switches_[index]->connect(receiver);
}

Status Listeners::listen(std::vector<uint16_t>& ports, bool share_port,
                         std::vector<std::shared_ptr<io::Placement>>& placements) {
  const bool first = ports.empty();
  for (size_t index = 0; index < servers_.size(); ++index) {
    ListeningServer& listening = servers_[index];
    listening.where.share_port = share_port;
    if (first) placements.push_back(share_port ? std::make_shared<io::Placement>() : nullptr);
    listening.where.placement = placements[index];
    if (!first) listening.where.port = ports[index];
    const Result<uint16_t> port = listening.server->listen(listening.where);
    if (!port) {
      return fail(port.error().code, listening.what + ": " + port.error().message +
                                         listen_advice(port.error().code, "its endpoint"));
    }
    if (first) ports.push_back(*port);
  }
  return first ? listen_to_datagrams(ports) : Status();
}

Status Listeners::listen_to_datagrams(std::vector<uint16_t>& ports) {
  for (ListeningDatagrams& listening : datagrams_) {
    const Result<uint16_t> port = open(listening);
    if (!port) {
      return fail(port.error().code, listening.what + ": " + port.error().message +
                                         listen_advice(port.error().code, "its endpoint"));
    }
    ports.push_back(*port);
  }
  return {};
}

Result<uint16_t> Listeners::open(ListeningDatagrams& listening) {
  const size_t bytes = listening.bytes_max;
  listening.memory = Reservation::try_make(pool_.budget(), MemoryTerm::kConnections, bytes);
  if (!listening.memory) return fail(no_memory("receiving datagrams", bytes, pool_.budget()));
  listening.buffer.resize(bytes);
  listening.where.buffer = listening.buffer;
  auto socket = io::receive_datagrams(
      loop_, listening.where,
      [receiver = listening.receiver, index = listening.listener](const io::Datagram& datagram) {
        receiver->on_datagram(index, datagram);
      });
  if (!socket) return fail(socket.error());
  listening.socket = std::move(*socket);
  return listening.socket->port();
}

void Listeners::drain(std::function<void()> drained) {
  datagrams_.clear();
  auto left = std::make_shared<size_t>(servers_.size());
  if (*left == 0) {
    drained();
    return;
  }
  auto shared_drained = std::make_shared<std::function<void()>>(std::move(drained));
  for (ListeningServer& listening : servers_) {
    listening.server->drain([left, shared_drained] {
      if (--*left == 0) (*shared_drained)();
    });
  }
}

}  // namespace millrace::assembly
