// The servers of the collector's own pages (metrics, health), on one loop. They answer also when
// the memory budget is used up: they have a small one of their own.
//
// Made before the loop runs; closed when no loop runs.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "memory/chunk_pool.h"
#include "transport/server/eviction_order.h"
#include "transport/server/server.h"

namespace millrace::assembly {

class PageServers final : private transport::ServerObserver {
 public:
  explicit PageServers(io::Loop& loop);

  // Begins to listen. `what` names the pages in an error: the key of the configuration.
  Status serve(std::vector<transport::PageRoute> routes, const io::ListenOptions& where,
               std::string_view what);
  void close() { servers_.clear(); }

 private:
  void on_rejected(transport::Protocol, std::optional<Signal>, std::string_view, std::string_view,
                   std::string_view) override {}
  void on_connections(int) override {}

  io::Loop& loop_;
  Budget budget_;
  ChunkPool pool_;
  std::shared_ptr<transport::EvictionOrder> eviction_;  // of all of them
  std::vector<std::unique_ptr<transport::Server>> servers_;
};

}  // namespace millrace::assembly
