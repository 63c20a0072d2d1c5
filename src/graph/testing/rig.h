// One worker with one pipeline and any number of fake destinations, for tests. The destructor
// asserts that the ledger balances.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "destination/destination.h"
#include "destination/destination_worker.h"
#include "graph/auditor.h"
#include "graph/pipeline.h"
#include "graph/pipeline_intake.h"
#include "io/long_work.h"
#include "ledger/ledger.h"
#include "memory/chunk_pool.h"
#include "pipeline/testing/fake_exporter.h"
#include "pipeline/testing/manual_loop.h"
#include "pipeline/testing/submit.h"

namespace millrace::pipeline::testing {

// No jitter and short numbers, so that tests can count.
inline DestinationOptions plain_options(std::string name = "sink") {
  DestinationOptions options;
  options.name = std::move(name);
  options.retry.randomization_factor = 0;
  options.concurrency.adaptive = false;
  return options;
}

struct Rig {
  struct Sink {
    std::unique_ptr<Destination> destination;
    FakeExporter* exporter = nullptr;
    std::unique_ptr<DestinationWorker> worker;
    ledger::Account* account = nullptr;
    ledger::AccountSnapshot seen() const { return account->snapshot(); }
    ledger::Amount dropped(ledger::DropReason reason) const {
      return seen().dropped[static_cast<size_t>(reason)];
    }
  };
  using Verdicts = std::vector<std::optional<Verdict>>;

  explicit Rig(std::vector<DestinationOptions> all = {plain_options()},
               FakeExporter::Script script = {}, ChunkPool* pool = nullptr, Logger* log = nullptr,
               DeadLetters* dead_letters = nullptr, io::LongWorkOptions long_work_options = {})
      : long_work(loop, work_pool, std::move(long_work_options)) {
    std::vector<PipelineWorker::Output> outputs;
    for (DestinationOptions& options : all) {
      Sink sink;
      const std::string name = options.name;
      sink.destination = std::make_unique<Destination>(std::move(options));
      auto exporter = std::make_unique<FakeExporter>(loop, script);
      sink.exporter = exporter.get();
      sink.worker = std::make_unique<DestinationWorker>(
          *sink.destination, loop,
          DestinationWorker::Parts{.exporter = std::move(exporter),
                                   .cutter = cut_records,
                                   .pool = pool,
                                   .log = log,
                                   .dead_letters = dead_letters,
                                   .long_work = &long_work});
      sink.account = &ledger.open(sink.destination->options().signal, "traces", name);
      outputs.push_back({sink.worker.get(), sink.account});
      sinks.push_back(std::move(sink));
    }
    pipeline = std::make_unique<PipelineWorker>(loop, "traces", std::move(outputs));
    intake = std::make_unique<PipelineIntake>(loop, std::vector{pipeline.get()});
    auditor = make_auditor(loop, ledger, sinks, *pipeline);
  }
  ~Rig() { expect_balance(); }

  // Any finding fails the test.
  static std::unique_ptr<Auditor> make_auditor(io::Loop& loop, const ledger::Ledger& ledger,
                                               const std::vector<Sink>& sinks,
                                               PipelineWorker& pipeline) {
    Auditor::Parts parts;
    parts.loops.push_back({.loop = &loop, .destinations = {}, .pipelines = {&pipeline}});
    for (const Sink& sink : sinks) {
      parts.loops.front().destinations.push_back(sink.worker.get());
      parts.destinations.push_back(sink.destination.get());
    }
    parts.ledger = &ledger;
    parts.on_finding = [](const ledger::Finding& finding) { ADD_FAILURE() << finding.to_text(); };
    return std::make_unique<Auditor>(std::move(parts));
  }

  // Submits `count` items numbered on from the last; returns the index of its verdict.
  size_t submit(uint32_t count, Policy policy = Policy::kAccepted,
                MonotonicTime deadline = kNever) {
    std::vector<uint64_t> items;
    for (uint32_t i = 0; i < count; ++i) items.push_back(next_item++);
    return submit(payload_of(items), policy, deadline);
  }
  size_t submit(Payload payload, Policy policy = Policy::kAccepted,
                MonotonicTime deadline = kNever) {
    const size_t index = verdicts.size();
    verdicts.emplace_back();
    submit_to(*intake, std::move(payload), policy, deadline, [this, index](const Verdict& verdict) {
      EXPECT_FALSE(verdicts[index].has_value()) << "a second verdict for one request";
      verdicts[index] = verdict;
    });
    return index;
  }
  void run() {
    if (auditor != nullptr) auditor->start_round();
    loop.run_until_idle();
  }

  void count_held(ledger::Held& held) const {
    for (const Sink& sink : sinks) {
      sink.destination->count_held(held);
      if (sink.worker != nullptr) sink.worker->count_held(held);
    }
    pipeline->count_held(held);
  }
  void expect_balance() const {
    ledger::Held held;
    count_held(held);
    for (const ledger::Imbalance& wrong : ledger.check(held)) ADD_FAILURE() << wrong.to_text();
  }
  uint64_t held_items() const {
    ledger::Held held;
    count_held(held);
    return held.total().items;
  }

  ManualLoop loop;
  Budget work_budget{64 << 20};
  ChunkPool work_pool{work_budget, 0};
  io::LongWork long_work;
  ledger::Ledger ledger;
  std::vector<Sink> sinks;
  std::unique_ptr<PipelineWorker> pipeline;
  std::unique_ptr<Intake> intake;
  std::unique_ptr<Auditor> auditor;  // to be reset before a worker is
  Verdicts verdicts;
  uint64_t next_item = 1;
};

inline Outcome outcome_of(Outcome::Kind kind, std::string message = "said the peer") {
  return {.kind = kind, .error = {Code::kUnavailable, std::move(message)}};
}

}  // namespace millrace::pipeline::testing
