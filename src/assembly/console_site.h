// The console of one collector: what is kept for it, its server, and its view of the
// collector. Made when the plan has a console.
//
// Threads: made and destroyed when no loop runs. store(), senders() and refusals() are any
// thread's; the server runs on `loop`, which should be no worker's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "assembly/plan.h"
#include "base/log.h"
#include "extensions/console/console.h"
#include "extensions/console/options.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "memory/chunk_pool.h"
#include "metrics/registry.h"
#include "recent/edge_taps.h"
#include "recent/refusal_list.h"
#include "recent/sender_table.h"
#include "recent/store.h"
#include "recent/trace_sample.h"
#include "transport/server/server.h"

namespace millrace::assembly {

class ConsoleSite final : private transport::ServerObserver {
 public:
  // Both outlive it.
  ConsoleSite(const Plan& plan, Budget& budget);
  ~ConsoleSite();

  recent::Store& store() { return store_; }
  recent::SenderTable& senders() { return senders_; }
  recent::RefusalList& refusals() { return refusals_; }
  recent::EdgeTaps& taps() { return taps_; }
  const recent::TraceSample& sample() const { return sample_; }
  // Everything that is kept is dropped: messages find no memory. False: there was nothing.
  bool give_back();

  // Serves the console; `more_routes` are served at the same address.
  Status serve(io::Loop& loop, extensions::console::Source& source,
               std::vector<transport::PageRoute> more_routes);
  // The server ends; when no loop runs.
  void close();

 private:
  void make_rules(io::Loop& loop);
  void on_rejected(transport::Protocol, std::optional<Signal>, std::string_view, std::string_view,
                   std::string_view) override {}
  void on_connections(int) override {}

  const Plan& plan_;
  const extensions::console::Options options_;
  const recent::TraceSample sample_;
  recent::Store store_;
  recent::SenderTable senders_;
  recent::RefusalList refusals_;
  recent::EdgeTaps taps_;
  // The rules of processors, to say which did what; what they count and log is not read.
  metrics::Registry rule_metrics_;
  Logger rule_log_;
  std::function<WallTime()> wall_clock_;
  extensions::console::RulesOfPipelines rules_;
  Budget page_budget_;
  std::unique_ptr<ChunkPool> pool_;
  std::unique_ptr<extensions::console::Console> console_;
  std::unique_ptr<transport::Server> server_;
};

// The names, addresses and edges of the graph. `ports` as in Collector::ports().
extensions::console::Facts console_facts(const Plan& plan, const std::vector<uint16_t>& ports,
                                         size_t worker_count, WallTime started_at);

}  // namespace millrace::assembly
