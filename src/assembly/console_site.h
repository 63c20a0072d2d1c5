// The console of one collector: what is kept for it, its server, and its view of the
// collector. Made when the plan has a console.
//
// Threads: made and destroyed when no loop runs. store(), senders() and refusals() are any
// thread's; the server runs on the loop, which should be no worker's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "assembly/page_servers.h"
#include "assembly/plan.h"
#include "base/log.h"
#include "extensions/console/console.h"
#include "extensions/console/options.h"
#include "io/disk.h"
#include "io/executor.h"
#include "io/loop.h"
#include "memory/budget.h"
#include "metrics/registry.h"
#include "recent/edge_flow.h"
#include "recent/edge_taps.h"
#include "recent/refusal_list.h"
#include "recent/sender_table.h"
#include "recent/store.h"
#include "recent/trace_sample.h"
#include "recent_file/recent_file.h"
#include "transport/server/server.h"

namespace millrace::assembly {

class ConsoleSite {
 public:
  // All outlive it. `run`: this run of the collector.
  ConsoleSite(const Plan& plan, Budget& budget, io::Loop& loop, recent::Run run);
  ~ConsoleSite();
  ConsoleSite(const ConsoleSite&) = delete;
  ConsoleSite& operator=(const ConsoleSite&) = delete;

  struct FileParts {
    io::Disk* disk = nullptr;
    std::function<std::unique_ptr<io::Executor>(const std::string& name)> make_lane;
    Logger* log = nullptr;
  };
  // Reads the requests that earlier runs kept, and begins to write new ones; without `file` in the
  // plan it does nothing. Before workers use the store. The error says what of the configuration is
  // wrong.
  Status open_file(const FileParts& parts);

  recent::Store& store() { return store_; }
  recent::SenderTable& senders() { return senders_; }
  recent::RefusalList& refusals() { return refusals_; }
  recent::EdgeTaps& taps() { return taps_; }
  recent::EdgeFlow& flow() { return flow_; }
  const recent::TraceSample& sample() const { return sample_; }
  // The state of the files; nothing: there are none.
  std::optional<extensions::console::RecentFileState> file_state() const;
  // Everything that is kept is dropped: messages find no memory. False: there was nothing.
  bool give_back();

  // Serves the console; `more_routes` are served at the same address.
  Status serve(extensions::console::Source& source, std::vector<transport::PageRoute> more_routes);
  // The server ends; when no loop runs. The file ends with this object, behind the workers that
  // fill it.
  void close();

 private:
  void make_rules();

  const Plan& plan_;
  Budget& budget_;
  io::Loop& loop_;
  const extensions::console::Options options_;
  const recent::TraceSample sample_;
  recent::Store store_;
  std::unique_ptr<recent_file::RecentFile> file_;  // null: there is none
  recent::SenderTable senders_;
  recent::RefusalList refusals_;
  recent::EdgeTaps taps_;
  recent::EdgeFlow flow_;
  // The rules of processors, to say which did what; what they count and log is not read.
  metrics::Registry rule_metrics_;
  Logger rule_log_;
  std::function<WallTime()> wall_clock_;
  extensions::console::RulesOfPipelines rules_;
  PageServers servers_;
  std::unique_ptr<extensions::console::Console> console_;  // ends after the servers
};

// The names, addresses and edges of the graph. `ports` as in Collector::ports().
extensions::console::Facts console_facts(const Plan& plan, const std::vector<uint16_t>& ports,
                                         size_t worker_count, WallTime started_at);

}  // namespace millrace::assembly
