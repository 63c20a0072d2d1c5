// The servers of the collector's own pages (metrics, health, the console), on one loop. They answer
// also when the memory budget is used up: they have a small one of their own.
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
  struct Limits {
    // A scrape of a large configuration is some 100 KiB; this lets a few wait for slow readers.
    size_t budget_bytes = 8 << 20;
    uint32_t connections_max = 100'000;
  };
  explicit PageServers(io::Loop& loop);
  PageServers(io::Loop& loop, Limits limits);

  // Begins to listen. `what` names the pages in an error: the key of the configuration.
  Status serve(std::vector<transport::PageRoute> routes, const io::ListenOptions& where,
               std::string_view what);
  void close() { servers_.clear(); }
  ChunkPool& pool() { return pool_; }  // on the loop

 private:
  void on_rejected(transport::Protocol, std::optional<Signal>, std::string_view, std::string_view,
                   std::string_view) override {}
  void on_connections(int) override {}

  io::Loop& loop_;
  const uint32_t connections_max_;
  Budget budget_;
  ChunkPool pool_;
  std::shared_ptr<transport::EvictionOrder> eviction_;  // of all of them
  std::vector<std::unique_ptr<transport::Server>> servers_;
};

}  // namespace millrace::assembly
