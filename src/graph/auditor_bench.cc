// Measures an audit with 100,000 requests waiting: the whole round, and the longest turn of a
// loop in it, which is how long others wait.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

#include "graph/auditor.h"
#include "graph/testing/rig.h"
#include "memory/chunk_pool.h"

namespace millrace::pipeline {
namespace {

class DeadSink final : public Exporter {
 public:
  void send_batch(Batch, MonotonicTime, Done done) override { done_ = std::move(done); }
  void close() override {}
  std::string describe() const override { return {}; }
  void refuse() { std::exchange(done_, nullptr)(testing::outcome_of(Outcome::Kind::kRetry)); }

 private:
  Done done_;
};

// `swept`: the destination has failed, and all that waits has moved to the worker, compacted.
void round(benchmark::State& state, int requests, bool swept) {
  testing::ManualLoop loop;
  ledger::Ledger ledger;
  Budget budget(uint64_t{1} << 30);
  ChunkPool pool(budget, 1);
  DestinationOptions options = testing::plain_options();
  options.queue.capacity = 131'072;
  options.batch.mode = BatchMode::kNone;
  options.concurrency.max = 1;
  Destination destination(options);
  auto exporter = std::make_unique<DeadSink>();
  DeadSink& sink = *exporter;
  DestinationWorker worker(destination, loop,
                           {.exporter = std::move(exporter),
                            .cutter = {},
                            .pool = swept ? &pool : nullptr,
                            .log = nullptr});
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  PipelineWorker pipeline(loop, "traces", {{&worker, &account}});
  PipelineIntake intake(loop, {&pipeline});
  const Bytes chunk = Bytes::copy_of(std::string(1024, 'x'));
  for (int i = 0; i < requests; ++i) {
    Payload payload;
    payload.item_count = 10;
    payload.bytes.append(chunk.slice(0, 600));
    testing::submit_to(intake, std::move(payload), Policy::kAccepted, kNever,
                       [](const Verdict&) {});
  }
  loop.turn();
  if (swept) sink.refuse();
  Auditor::Parts parts;
  parts.loops = {{&loop, {&worker}, {&pipeline}}};
  parts.destinations = {&destination};
  parts.ledger = &ledger;
  Auditor auditor(std::move(parts));
  using Clock = std::chrono::steady_clock;
  Clock::duration longest{};
  for (auto _ : state) {
    auditor.start_round();
    for (bool ran = true; ran;) {
      const Clock::time_point began = Clock::now();
      ran = loop.turn();
      longest = std::max(longest, Clock::now() - began);
    }
  }
  if (!auditor.findings().empty()) state.SkipWithError("unbalanced");
  state.counters["longest_turn_us"] = std::chrono::duration<double, std::micro>(longest).count();
}
BENCHMARK_CAPTURE(round, nothing_waits, 0, false);
BENCHMARK_CAPTURE(round, hundred_thousand_in_the_queue, 100'000, false);
BENCHMARK_CAPTURE(round, hundred_thousand_at_the_worker, 100'000, true);

}  // namespace
}  // namespace millrace::pipeline
