// Measures what a request costs between the receiver and the exporter: submit, queue, joining,
// settling. 819 requests of 10 spans fill a batch of 8,192; the destination answers in the next
// turn.
#include <benchmark/benchmark.h>

#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

constexpr int kRequests = 819;

void requests(benchmark::State& state, size_t destinations, Policy policy) {
  testing::ManualLoop loop;
  ledger::Ledger ledger;
  std::vector<std::unique_ptr<Destination>> shared;
  std::vector<std::unique_ptr<DestinationWorker>> workers;
  std::vector<PipelineWorker::Output> outputs;
  class Sink final : public Exporter {
   public:
    explicit Sink(io::Loop& owner) : loop_(owner) {}
    void send_batch(Batch batch, MonotonicTime, Done done) override {
      loop_.post([batch = std::move(batch), done = std::move(done)]() mutable { done({}); });
    }
    void close() override {}
    std::string describe() const override { return {}; }

   private:
    io::Loop& loop_;
  };
  for (size_t i = 0; i < destinations; ++i) {
    DestinationOptions options = testing::plain_options("sink" + std::to_string(i));
    options.queue.capacity = 4096;
    shared.push_back(std::make_unique<Destination>(options));
    workers.push_back(std::make_unique<DestinationWorker>(
        *shared.back(), loop,
        DestinationWorker::Parts{.exporter = std::make_unique<Sink>(loop), .cutter = {}}));
    outputs.push_back(
        {workers.back().get(), &ledger.open(Signal::kTraces, "traces", options.name)});
  }
  PipelineWorker pipeline(loop, "traces", outputs);
  PipelineIntake intake(loop, {&pipeline});
  const Bytes chunk = Bytes::copy_of(std::string(512 * 1024, 'x'));
  uint64_t told = 0;
  for (auto _ : state) {
    for (int i = 0; i < kRequests; ++i) {
      Payload payload;
      payload.item_count = 10;
      payload.bytes.append(chunk.slice(static_cast<size_t>(i) * 600, 600));
      testing::submit_to(intake, std::move(payload), policy, kNever,
                         [&told](const Verdict& verdict) { told += verdict.ok() ? 1 : 0; });
    }
    loop.run_until_idle();
  }
  if (told != static_cast<uint64_t>(state.iterations()) * kRequests) {
    state.SkipWithError("a request was not accepted");
  }
  state.SetItemsProcessed(state.iterations() * kRequests);
}
BENCHMARK_CAPTURE(requests, one_destination_accepted, 1, Policy::kAccepted);
BENCHMARK_CAPTURE(requests, two_destinations_accepted, 2, Policy::kAccepted);
BENCHMARK_CAPTURE(requests, one_destination_delivered, 1, Policy::kDelivered);

}  // namespace
}  // namespace millrace::pipeline
