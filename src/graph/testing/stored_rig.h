// A worker with destinations that have storage on a simulated disk, for tests; made again on the
// same disk it is the next start. The destructor ends it as a process does, and asserts that the
// ledger balances.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "graph/testing/rig.h"
#include "io/executor.h"
#include "io/sim/sim_disk.h"
#include "storage/storage.h"

namespace millrace::pipeline::testing {

// A lane that a test runs by hand.
class ManualLane final : public io::Executor {
 public:
  void submit(io::Task task) override { tasks_.push_back(std::move(task)); }
  void submit_after(Duration, io::Task task) override { tasks_.push_back(std::move(task)); }
  bool run_one() {
    if (tasks_.empty()) return false;
    io::Task task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  size_t size() const { return tasks_.size(); }

 private:
  std::deque<io::Task> tasks_;
};

inline std::vector<uint64_t> numbers(uint64_t first, uint64_t last) {
  std::vector<uint64_t> items(last - first + 1);
  std::iota(items.begin(), items.end(), first);
  return items;
}

// Room for eight items of eight bytes.
inline constexpr Backlog::Options kTight{.memory_bytes_max = 64};

struct StoredRig {
  using Sink = Rig::Sink;

  struct SinkOptions {
    DestinationOptions destination;
    Backlog::Options backlog;
  };
  explicit StoredRig(io::sim::SimDisk& disk, const Backlog::Options& backlog = {},
                     const std::vector<DestinationOptions>& all = {plain_options()},
                     segment_log::Options log_options = {})
      : StoredRig(disk, with_backlog(all, backlog), std::move(log_options)) {}
  StoredRig(io::sim::SimDisk& disk, std::vector<SinkOptions> all,
            segment_log::Options log_options = {}, size_t budget_bytes = 16 << 20)
      : budget(budget_bytes) {
    log_options.directory = "/queue";
    log_options.segment_bytes = 1 << 20;
    auto opened = segment_log::Log::open(
        log_options, {.disk = disk, .writes = writes, .reads = reads, .wall_clock = [this] {
                        return loop.wall_now();
                      }});
    EXPECT_TRUE(opened) << opened.error().message;
    log = std::move(*opened);
    storage = std::make_unique<Storage>(*log);
    storage->add_loop(loop);
    std::vector<PipelineWorker::Output> outputs;
    for (SinkOptions& options : all) {
      Sink sink;
      const std::string name = options.destination.name;
      sink.destination = std::make_unique<Destination>(std::move(options.destination));
      sink.account = &ledger.open(Signal::kTraces, "traces", name);
      const Status attached =
          storage->attach(sink.destination->queue(), *sink.account, budget, options.backlog);
      EXPECT_TRUE(attached);
      auto exporter = std::make_unique<FakeExporter>(loop);
      sink.exporter = exporter.get();
      sink.worker = std::make_unique<DestinationWorker>(
          *sink.destination, loop,
          DestinationWorker::Parts{.exporter = std::move(exporter), .cutter = cut_records});
      outputs.push_back({sink.worker.get(), sink.account});
      sinks.push_back(std::move(sink));
    }
    pipeline = std::make_unique<PipelineWorker>(loop, "traces", std::move(outputs));
    intake = std::make_unique<PipelineIntake>(loop, std::vector{pipeline.get()});
    auditor = Rig::make_auditor(loop, ledger, sinks, *pipeline);
  }

  ~StoredRig() {
    end();
    expect_balance();
    sinks.clear();
    storage.reset();
  }

  // The workers go, as when the loops have stopped.
  void end() {
    auditor.reset();
    intake.reset();
    for (Sink& sink : sinks) sink.worker.reset();
    while (writes.run_one() || reads.run_one()) {
    }
    storage->clear();
  }

  size_t submit(uint32_t count, Policy policy = Policy::kDurable, MonotonicTime deadline = kNever) {
    return submit(next_items(count), policy, deadline);
  }
  // With a metadata entry "tenant".
  size_t submit_as(const std::string& tenant, uint32_t count) {
    Payload payload = next_items(count);
    auto metadata = std::make_shared<Metadata>();
    metadata->entries = {{"tenant", tenant}};
    payload.metadata = std::move(metadata);
    return submit(std::move(payload), Policy::kDurable, kNever);
  }
  Payload next_items(uint32_t count) {
    std::vector<uint64_t> items;
    for (uint32_t i = 0; i < count; ++i) items.push_back(next_item++);
    return payload_of(items);
  }
  size_t submit(Payload payload, Policy policy, MonotonicTime deadline) {
    const size_t index = verdicts.size();
    verdicts.emplace_back();
    submit_to(*intake, std::move(payload), policy, deadline, [this, index](const Verdict& verdict) {
      EXPECT_FALSE(verdicts[index].has_value()) << "a second verdict for one request";
      verdicts[index] = verdict;
    });
    return index;
  }
  bool is_ok(size_t index) const { return verdicts[index].has_value() && verdicts[index]->ok(); }

  // Loop and lanes, until nothing is left to do.
  void run() {
    if (auditor != nullptr) auditor->start_round();
    for (int rounds = 0; rounds < 100'000; ++rounds) {
      const bool turned = loop.turn();
      const bool wrote = writes.run_one();
      const bool read = reads.run_one();
      if (!turned && !wrote && !read) return;
    }
    ADD_FAILURE() << "never idle";
  }
  void advance(Duration by) {
    for (Duration passed = 0s; passed < by; passed += 10ms) {
      loop.advance(10ms);
      run();
    }
  }
  // Answers all that is open until nothing comes any more.
  void deliver_all(size_t sink = 0) {
    for (run(); !sinks[sink].exporter->open.empty(); run()) {
      sinks[sink].exporter->answer(Outcome::Kind::kDelivered);
    }
  }
  // In the order of delivery.
  std::vector<uint64_t> delivered(size_t sink = 0) const {
    std::vector<uint64_t> items;
    for (const auto& batch : sinks[sink].exporter->delivered) {
      items.insert(items.end(), batch.begin(), batch.end());
    }
    return items;
  }
  void close_log() {
    log->close([] {});
    run();
  }

  ledger::Held held() const {
    ledger::Held held;
    for (const Sink& sink : sinks) {
      sink.destination->count_held(held);
      if (sink.worker != nullptr) sink.worker->count_held(held);
    }
    return held;
  }
  uint64_t held_items() const { return held().total().items; }
  void expect_balance() const {
    const ledger::Held held = this->held();
    for (const ledger::Imbalance& wrong : ledger.check(held)) ADD_FAILURE() << wrong.to_text();
  }

  static std::vector<SinkOptions> with_backlog(const std::vector<DestinationOptions>& all,
                                               const Backlog::Options& backlog) {
    std::vector<SinkOptions> sinks;
    for (const DestinationOptions& options : all) sinks.push_back({options, backlog});
    return sinks;
  }

  ManualLoop loop;
  Budget budget;
  ledger::Ledger ledger;
  ManualLane writes;
  ManualLane reads;
  std::unique_ptr<segment_log::Log> log;
  std::unique_ptr<Storage> storage;
  std::vector<Sink> sinks;
  std::unique_ptr<PipelineWorker> pipeline;
  std::unique_ptr<Intake> intake;
  std::unique_ptr<Auditor> auditor;
  Rig::Verdicts verdicts;
  uint64_t next_item = 1;
};

}  // namespace millrace::pipeline::testing
