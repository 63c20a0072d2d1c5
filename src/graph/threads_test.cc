// Two real threads on one destination, for the thread sanitizer: every item is delivered once,
// every waiting sender hears on its own thread, none is forgotten, and the ledger balances.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "graph/drain.h"
#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using testing::FakeExporter;
using testing::ManualLoop;

// A thread that turns a loop whose clock stands still.
struct Worker {
  ManualLoop loop;
  FakeExporter* exporter = nullptr;
  std::unique_ptr<DestinationWorker> destination;
  std::unique_ptr<PipelineWorker> pipeline;
  std::unique_ptr<Intake> intake;
  std::thread thread;
  uint64_t told = 0;
  uint64_t told_ok = 0;
};

struct ThreadsCase {
  const char* name;
  OnFull on_full;
  uint32_t concurrency;
  Policy policy;
};

class ThreadsTest : public ::testing::TestWithParam<ThreadsCase> {};

TEST_P(ThreadsTest, TwoWorkersOnOneDestination) {
  constexpr uint64_t kRequests = 3000;  // for each worker
  DestinationOptions options = testing::plain_options();
  options.queue = {.capacity = 64, .on_full = GetParam().on_full};
  options.concurrency.max = GetParam().concurrency;
  options.batch.items_max = 7;
  // The clock stands still, so nothing is sent because of a timeout: a lost wake-up would hang.
  options.batch.flush_timeout = 1h;
  Destination destination(options);
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  std::atomic<bool> stop{false};
  std::atomic<bool> drained{false};
  Worker workers[2];
  for (Worker& worker : workers) {
    auto exporter = std::make_unique<FakeExporter>(
        worker.loop, [count = 0](const Batch&) mutable -> std::optional<Outcome> {
          Outcome outcome;
          if (++count % 50 == 0) outcome = testing::outcome_of(Outcome::Kind::kTooLarge);
          return outcome;
        });
    worker.exporter = exporter.get();
    worker.destination = std::make_unique<DestinationWorker>(
        destination, worker.loop,
        DestinationWorker::Parts{.exporter = std::move(exporter), .cutter = testing::cut_records});
    worker.pipeline = std::make_unique<PipelineWorker>(
        worker.loop, "traces",
        std::vector<PipelineWorker::Output>{{worker.destination.get(), &account}});
    worker.intake =
        std::make_unique<PipelineIntake>(worker.loop, std::vector{worker.pipeline.get()});
  }
  for (uint64_t w = 0; w < 2; ++w) {
    workers[w].thread = std::thread([&, w] {
      Worker& worker = workers[w];
      const std::thread::id self = std::this_thread::get_id();
      uint64_t sent = 0;
      while (!stop.load()) {
        for (int burst = 0; burst < 5 && sent < kRequests; ++burst, ++sent) {
          const uint64_t item = (w * kRequests + sent) * 2;
          testing::submit_to(*worker.intake, testing::payload_of({item, item + 1}),
                             GetParam().policy, kNever, [&, self](const Verdict& verdict) {
                               EXPECT_EQ(std::this_thread::get_id(), self);
                               ++worker.told;
                               if (verdict.ok()) ++worker.told_ok;
                             });
        }
        if (!worker.loop.turn()) std::this_thread::yield();
      }
    });
  }
  ledger::Held held;
  const auto entered = [&] {
    const ledger::AccountSnapshot seen = account.snapshot();
    return destination.is_empty() &&
           (seen.entered().items + destination.numbers().enqueue_failed_items) == 4 * kRequests;
  };
  // Ends the test as hung, not by wall-clock time: so many looks that no schedule needs them.
  for (uint64_t looks = 0; !entered() && looks < 2'000'000; ++looks) {
    destination.count_held(held);  // walking while others push and pop
    std::this_thread::yield();
  }
  EXPECT_TRUE(entered()) << "forgotten: " << ledger.to_line({});
  workers[0].loop.post([&] {
    auto* drain = new Drain(workers[0].loop);
    for (Worker& worker : workers) drain->add(*worker.intake);
    drain->add(destination);
    drain->start(workers[0].loop.now() + 10s, [&, drain] {
      workers[0].loop.post([drain] { delete drain; });
      drained.store(true);
    });
  });
  for (uint64_t looks = 0; !drained.load() && looks < 2'000'000; ++looks) {
    std::this_thread::yield();
  }
  EXPECT_TRUE(drained.load());
  stop.store(true);
  for (Worker& worker : workers) worker.thread.join();
  for (Worker& worker : workers) worker.loop.run_until_idle();

  std::set<uint64_t> items;
  uint64_t told_ok = 0;
  for (Worker& worker : workers) {
    EXPECT_EQ(worker.told, kRequests);
    told_ok += worker.told_ok;
    for (const auto& batch : worker.exporter->delivered) {
      for (const uint64_t item : batch) EXPECT_TRUE(items.insert(item).second) << item;
    }
  }
  EXPECT_TRUE(ledger.check({}).empty()) << ledger.to_line({});
  EXPECT_EQ(items.size(), account.snapshot().delivered.items);
  if (GetParam().on_full != OnFull::kDropOldest) {
    EXPECT_EQ(items.size(), 2 * told_ok);
  }
  if (GetParam().on_full == OnFull::kBlock) {
    EXPECT_EQ(items.size(), 4 * kRequests);
  }
  for (Worker& worker : workers) worker.destination.reset();
}
INSTANTIATE_TEST_SUITE_P(
    All, ThreadsTest,
    ::testing::Values(ThreadsCase{"Reject", OnFull::kReject, 10, Policy::kAccepted},
                      ThreadsCase{"RejectDelivered", OnFull::kReject, 3, Policy::kDelivered},
                      ThreadsCase{"Block", OnFull::kBlock, 1, Policy::kAccepted},
                      ThreadsCase{"BlockDelivered", OnFull::kBlock, 2, Policy::kDelivered},
                      ThreadsCase{"DropOldest", OnFull::kDropOldest, 2, Policy::kAccepted}),
    [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace millrace::pipeline
