// The listeners of one worker: its servers with their connections. A reload keeps them; what
// answers the requests of a receiver is replaced. So the routes of its servers lead to a switch,
// and the switch to the receiver of the graph that runs. An exporter stays, and answers its pages
// itself.
//
// Made before the loop runs; used on its loop only.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "assembly/plan.h"
#include "base/signal.h"
#include "io/datagram.h"
#include "io/long_work.h"
#include "io/loop.h"
#include "io/placement.h"
#include "memory/budget.h"
#include "memory/chunk_pool.h"
#include "metrics/registry.h"
#include "reception/receiver.h"
#include "transport/server/server.h"

namespace millrace::assembly {

// What to do when listening failed with that code, ready to be put behind the error; `what` is the
// place in the configuration that says where to listen.
std::string listen_advice(Code code, std::string_view what);

class Listeners {
 public:
  // All of it outlives this. `connection_count`: of all workers, for the status page.
  Listeners(io::Loop& loop, ChunkPool& pool, io::LongWork& long_work,
            std::atomic<int64_t>& connection_count);
  ~Listeners();

  // Makes the servers of one receiver, in the order of the plan. `has_signal`: the signals for
  // which there are routes.
  void add(const ReceiverPlan& receiver, const std::array<bool, kSignalCount>& has_signal);
  // Makes the servers of an exporter, behind those of all receivers. `page` answers; refused
  // requests are counted in `metrics`.
  void add(const ExporterPlan& exporter, const transport::PageHandler& page,
           metrics::Registry& metrics);
  // Requests of the receiver at `index` (in the order of add) go to `receiver` from now on; null:
  // to none, the answers ask the senders to come again.
  void connect(size_t index, reception::Receiver* receiver);

  // Listens on every address. `ports` holds what the first worker got, so that port 0 means one
  // port for all workers; it is filled by the first, and so are `placements`. The ports of
  // datagrams, which the first worker alone receives, stand behind those of all servers.
  Status listen(std::vector<uint16_t>& ports, bool share_port,
                std::vector<std::shared_ptr<io::Placement>>& placements);
  // GOAWAY and no new connections; `drained` runs once, on this loop, when all are gone. Datagrams
  // are received no more.
  void drain(std::function<void()> drained);
  // Ends the servers and their connections.
  void close() {
    servers_.clear();
    datagrams_.clear();
  }

 private:
  class Switch;
  class PageObserver;
  struct ListeningServer {
    std::unique_ptr<transport::Server> server;
    io::ListenOptions where;
    std::string what;  // "receiver otlp on localhost:4317", for the error
  };
  struct ListeningDatagrams {
    Switch* receiver = nullptr;
    size_t listener = 0;  // its index in the receiver's plan
    io::DatagramOptions where;
    size_t bytes_max = 0;
    std::string what;
    Reservation memory;
    std::vector<uint8_t> buffer;
    std::unique_ptr<io::DatagramSocket> socket;
  };
  Status listen_to_datagrams(std::vector<uint16_t>& ports);
  Result<uint16_t> open(ListeningDatagrams& listening);
  void add_server(const ListenerPlan& planned, transport::ServerOptions options,
                  transport::ServerObserver& observer, std::string what);

  io::Loop& loop_;
  ChunkPool& pool_;
  io::LongWork& long_work_;
  std::atomic<int64_t>& connection_count_;
  // Of all its servers: a flood of one port does not shut another.
  const std::shared_ptr<transport::EvictionOrder> eviction_;
  std::vector<std::unique_ptr<Switch>> switches_;  // by receiver; servers hold pointers to them
  std::vector<std::unique_ptr<PageObserver>> page_observers_;  // by exporter with pages; the same
  std::vector<ListeningServer> servers_;
  std::vector<ListeningDatagrams> datagrams_;
};

}  // namespace millrace::assembly
