// One destination on one worker with a fake exporter, without pipelines, for tests. The destructor
// asserts that the ledger balances.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "destination/destination_worker.h"
#include "pipeline/testing/fake_exporter.h"
#include "pipeline/testing/manual_loop.h"

namespace millrace::pipeline::testing {

using Batches = std::vector<std::vector<uint64_t>>;  // the items of each

// No jitter, and two batches in flight at most.
inline DestinationOptions plain() {
  DestinationOptions options;
  options.name = "sink";
  options.retry.randomization_factor = 0;
  options.concurrency = {.max = 2, .adaptive = false};
  return options;
}

struct WorkerRig {
  explicit WorkerRig(DestinationOptions options = plain()) : destination(std::move(options)) {
    auto made = std::make_unique<FakeExporter>(loop);
    exporter = made.get();
    destination.observe_batches(
        [this](uint64_t items, uint64_t bytes) { observed.emplace_back(items, bytes); });
    worker = std::make_unique<DestinationWorker>(
        destination, loop,
        DestinationWorker::Parts{.exporter = std::move(made), .cutter = cut_records});
  }
  ~WorkerRig() {
    ledger::Held held;
    destination.count_held(held);
    if (worker != nullptr) worker->count_held(held);
    for (const ledger::Imbalance& wrong : ledger.check(held)) ADD_FAILURE() << wrong.to_text();
  }
  // A request of the next `count` items. Its metadata: "tenant".
  DestinationWorker::Room submit(uint32_t count, const std::string& tenant = "") {
    std::vector<uint64_t> items;
    for (uint32_t i = 0; i < count; ++i) items.push_back(next_item++);
    Payload payload = payload_of(items);
    payload.admitted_at = loop.now();
    if (!tenant.empty()) {
      auto metadata = std::make_shared<Metadata>();
      metadata->entries = {{"tenant", tenant}};
      payload.metadata = std::move(metadata);
    }
    const auto room = worker->try_reserve(payload);
    if (room == DestinationWorker::Room::kReserved) {
      const size_t bytes = payload.bytes.size();
      worker->book().admit(account, {count, bytes});
      worker->commit(std::move(payload), account, bytes);
    }
    return room;
  }
  void run() { loop.run_until_idle(); }
  void submit_and_run(uint32_t count, const std::string& tenant = "") {
    EXPECT_EQ(submit(count, tenant), DestinationWorker::Room::kReserved);
    run();
  }
  void answer(Outcome::Kind kind) {
    exporter->answer(Outcome{.kind = kind, .error = {Code::kUnavailable, "said the peer"}});
    run();
  }
  // As graph/drain.h does it.
  void begin_drain(Duration timeout) {
    destination.queue().begin_drain([this] { is_emptied = true; });
    worker->begin_drain(loop.now() + timeout);
    run();
  }
  // The items of the attempts that are open.
  Batches open() const {
    Batches all;
    for (const auto& attempt : exporter->open) all.push_back(items_of(attempt.batch.bytes));
    return all;
  }
  ledger::AccountSnapshot seen() const { return account.snapshot(); }
  uint64_t dropped(ledger::DropReason reason) const {
    return seen().dropped[static_cast<size_t>(reason)].items;
  }
  uint64_t delivered() const { return seen().delivered.items; }
  DestinationNumbers numbers() const { return destination.numbers(); }

  ManualLoop loop;
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  Destination destination;
  FakeExporter* exporter = nullptr;
  std::unique_ptr<DestinationWorker> worker;
  std::vector<std::pair<uint64_t, uint64_t>> observed;
  uint64_t next_item = 1;
  bool is_emptied = false;  // a drain has come to its end
};

}  // namespace millrace::pipeline::testing
