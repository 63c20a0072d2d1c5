// A whole collector: the plan made into destinations, pipelines, receivers and pages on the loops
// it is given. It owns no thread and reads no file: the daemon, the library and the simulation
// each bring their own loops.
//
// Life: create() on the caller's thread before any loop runs (listening has begun when it
// returns); then the loops run; drain() on the first loop; then the loops stop; then end(),
// last_line() and destruction on the caller's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "assembly/console_site.h"
#include "assembly/dead_letter_file.h"
#include "assembly/page_servers.h"
#include "assembly/plan.h"
#include "assembly/storages.h"
#include "assembly/worker.h"
#include "extensions/health_check/pages.h"
#include "graph/auditor.h"
#include "graph/drain.h"
#include "io/executor.h"
#include "io/placement.h"
#include "ledger/ledger.h"
#include "memory/budget.h"
#include "metrics/registry.h"

namespace millrace::assembly {

class SelfMetrics;

// What of a collector a reload keeps, beside what its workers keep (worker.h): it is owned here,
// apart from the plan and the graphs that use it.
struct KeptByCollector {
  explicit KeptByCollector(const Plan& plan);

  Budget budget;
  metrics::Registry metrics;
  ledger::Ledger ledger;
  Storages storages;  // outlives the requests in the destinations
  // Their queues, with the requests in them.
  std::vector<std::unique_ptr<pipeline::Destination>> destinations;
  Reservation queue_memory;  // of the queues' places
  std::vector<std::unique_ptr<DeadLetterFile>> dead_letters;
};

class Collector final : public extensions::HealthSource, private extensions::console::Source {
 public:
  struct World {
    std::vector<io::Loop*> loops;  // one worker each; at least one
    Logger* log = nullptr;
    Logger* unsampled_log = nullptr;  // for debug exporters, which limit themselves
    Outputs outputs_of_process = {};
    io::FileSystem* files = nullptr;
    std::function<WallTime()> wall_clock;  // any thread
    // For plans with storage: the disk, threads of their own for what blocks on it, and what is
    // called at the named points of the log (tests end the process there).
    io::Disk* disk = nullptr;
    std::function<std::unique_ptr<io::Executor>(const std::string& name)> make_lane = {};
    std::function<void(std::string_view)> at_storage_point = {};
    // Receives the findings of the running audit of the ledger, on the first loop. Not set: each is
    // logged as a bug, and stops a build with debug checks.
    std::function<void(const ledger::Finding&)> on_ledger_finding = {};
    // How long messages are worked on in one turn; the simulation gives a clock of its own.
    io::LongWorkOptions long_work = {};
    // The console's server runs on it, so that its answers delay no worker. Null: the first loop.
    io::Loop* console_loop = nullptr;
    // Whether several loops may listen on one address (more than one worker needs it).
    bool share_ports = false;
  };
  static Result<std::unique_ptr<Collector>> create(Plan plan, World world);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // The port of each receiver's protocol, in the order of the plan, gRPC before HTTP; then those of
  // exporters, then those of datagrams.
  const std::vector<uint16_t>& ports() const { return ports_; }

  // For the library, whose source is no receiver: Worker::open_source and flush_batches of the
  // worker on that loop.
  pipeline::Intake* open_source(size_t worker, Signal signal) {
    return workers_[worker]->open_source(signal);
  }
  void flush_batches(size_t worker) { workers_[worker]->flush_batches(); }
  // What one worker holds, without the shared queues; on its loop.
  void count_held(size_t worker, ledger::Held& held) const { workers_[worker]->count_held(held); }
  // In the order in which pipelines name them; their numbers are safe from any thread.
  const std::vector<std::unique_ptr<pipeline::Destination>>& destinations() const {
    return kept_.destinations;
  }

  // Stops intake with GOAWAY, delivers what is there until the plan's drain_timeout, counts the
  // rest; `done` then runs on the first loop. On the first loop; once.
  void drain(std::function<void()> done) { drain(plan_.drain_timeout, std::move(done)); }
  // The same with another time.
  void drain(Duration timeout, std::function<void()> done);

  // Ends the workers; what they still hold is dropped, and counted so. When no loop runs any more;
  // the destructor does it as well, but the ledger's last line should come after it.
  void end();

  // Everything held, exactly; only when no loop runs. What must be empty: the imbalances.
  ledger::Held held() const;
  std::vector<ledger::Imbalance> imbalances() const { return kept_.ledger.check(held()); }
  // "ledger: admitted=… delivered=… held=0 … balance=ok"; only when no loop runs.
  std::string last_line() const { return kept_.ledger.to_line(held()); }

  // extensions::HealthSource; any thread while the loops run.
  extensions::Health health() const override { return health_at(*world_.loops.front()); }
  std::vector<extensions::ComponentState> components() const override;

  // Checks the ledger once a second while the loops run; its numbers are safe from any thread.
  const pipeline::Auditor& auditor() const { return *auditor_; }

  metrics::Registry& metrics() { return kept_.metrics; }
  ledger::Ledger& ledger() { return kept_.ledger; }
  Budget& budget() { return kept_.budget; }

 private:
  Collector(Plan plan, World world);
  Status open_storages();
  Status make_destinations();
  pipeline::DestinationOptions options_of(size_t exporter, Signal signal,
                                          uint64_t places_max) const;
  Status make_dead_letters();
  Status attach_storages();
  void give_auths_a_lane();
  Status make_workers();
  void make_auditor();
  Status make_pages();
  transport::PageReply metrics_page() const;
  Status make_console_site();
  Status make_console();
  io::Loop& console_loop() const {
    return world_.console_loop != nullptr ? *world_.console_loop : *world_.loops.front();
  }
  // For a caller on `loop`.
  extensions::Health health_at(const io::Loop& loop) const;
  // extensions::console::Source, on the console's loop.
  const extensions::console::Facts& facts() const override { return console_facts_; }
  extensions::console::State state() const override;
  std::optional<std::string> send_test_trace() override;
  bool metrics_stand_at_the_console() const;
  void add_receivers_to(extensions::Health& health) const;
  static std::string refusal_of(const pipeline::Destination& destination,
                                const extensions::DestinationHealth& health);
  void drain_pipelines();
  void finish_drain();
  void close_storages();
  void tick(size_t worker);
  // What workers held when the audit asked them last; for the metrics while loops run.
  ledger::Held recent_held() const;

  enum class Phase : uint8_t { kRunning, kClosing, kFlushing, kDone };
  const Plan plan_;
  const World world_;
  KeptByCollector kept_;
  Shared shared_;
  std::unique_ptr<ConsoleSite> console_;  // null: off; the workers use it
  extensions::console::Facts console_facts_;
  pipeline::Intake* test_intake_ = nullptr;  // the first worker's; null: no pipeline takes traces
  std::unique_ptr<io::Executor> auth_lane_;  // of slow checks of credentials; null: there are none
  std::vector<std::unique_ptr<Worker>> workers_;
  PageServers page_servers_;
  std::unique_ptr<SelfMetrics> self_metrics_;
  std::vector<uint16_t> ports_;
  // One for each address; empty when connections stay where they were accepted.
  std::vector<std::shared_ptr<io::Placement>> placements_;
  MonotonicTime started_at_;
  WallTime started_wall_;

  std::unique_ptr<pipeline::Drain> drain_;
  std::unique_ptr<io::Timer> drain_timer_;
  std::function<void()> drain_done_;
  MonotonicTime drain_deadline_ = kNever;
  size_t serving_workers_ = 0;                 // workers whose servers still have connections
  std::atomic<Phase> phase_{Phase::kRunning};  // the first loop writes, pages read; relaxed

  std::unique_ptr<pipeline::Auditor> auditor_;
  std::vector<std::unique_ptr<io::Timer>> tick_timers_;
  // When each worker's loop last turned, for liveness; nanoseconds of its clock, relaxed.
  std::vector<std::unique_ptr<std::atomic<int64_t>>> last_turn_ns_;
};

}  // namespace millrace::assembly
