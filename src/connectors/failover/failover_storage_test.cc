// A failover whose first level has storage: requests in its queue and on its disk are taken over,
// also what an earlier run left there. And one whose own queue has storage.
#include <gtest/gtest.h>

#include <set>

#include "connectors/failover/failover.h"
#include "graph/drain.h"
#include "graph/testing/stored_rig.h"

namespace millrace::connectors {
namespace {

using io::sim::SimDisk;
using pipeline::Outcome;
using pipeline::testing::outcome_of;
using pipeline::testing::plain_options;
using Kind = Outcome::Kind;

pipeline::DestinationOptions options_of(const std::string& name, bool hands_back) {
  pipeline::DestinationOptions options = plain_options(name);
  options.batch.mode = pipeline::BatchMode::kNone;
  options.hands_back = hands_back;
  if (hands_back) {
    options.concurrency.max = 2;
    options.retry.breaker_failures = 2;
    options.retry.initial_interval = 1s;
  } else {
    options.concurrency.max = 64;
  }
  return options;
}

struct Stage {
  Stage(pipeline::DestinationOptions options, const std::string& feeder, ledger::Ledger& ledger)
      : destination(options), account(ledger.open(Signal::kTraces, feeder, options.name)) {}
  void make_worker(io::Loop& loop, std::unique_ptr<pipeline::Exporter> exporter) {
    worker = std::make_unique<pipeline::DestinationWorker>(
        destination, loop,
        pipeline::DestinationWorker::Parts{.exporter = std::move(exporter),
                                           .cutter = pipeline::testing::cut_records});
  }
  pipeline::testing::FakeExporter* make_fake_worker(io::Loop& loop) {
    auto exporter = std::make_unique<pipeline::testing::FakeExporter>(
        loop, [this](const pipeline::Batch&) { return answer; });
    pipeline::testing::FakeExporter* const fake = exporter.get();
    make_worker(loop, std::move(exporter));
    return fake;
  }
  void make_pipeline(io::Loop& loop, const std::string& name) {
    pipeline = std::make_unique<pipeline::PipelineWorker>(
        loop, name, std::vector<pipeline::PipelineWorker::Output>{{worker.get(), &account}});
  }
  pipeline::Destination destination;
  ledger::Account& account;
  std::optional<Outcome> answer = Outcome{};
  std::unique_ptr<pipeline::DestinationWorker> worker;
  std::unique_ptr<pipeline::PipelineWorker> pipeline;
};

enum class Disk : uint8_t { kOfTheFirstLevel, kInFront };

// traces → failover → near, far; one of the first two has storage. Made again on the same disk it
// is the next start.
class Chain {
 public:
  explicit Chain(SimDisk& disk, Disk whose = Disk::kOfTheFirstLevel)
      : failover(options_of("failover", false), "traces", ledger),
        near(options_of("near", true), "traces/near", ledger),
        far(options_of("far", false), "traces/far", ledger) {
    log_ = segment_log::Log::open({.directory = "/queue", .segment_bytes = 1 << 20},
                                  {.disk = disk,
                                   .writes = writes_,
                                   .reads = reads_,
                                   .wall_clock = [this] { return loop.wall_now(); }})
               .value();
    storage_ = std::make_unique<pipeline::Storage>(*log_);
    storage_->add_loop(loop);
    // Room in memory for four requests.
    Stage& stored = whose == Disk::kInFront ? failover : near;
    EXPECT_TRUE(storage_->attach(stored.destination.queue(), stored.account, budget_,
                                 {.memory_bytes_max = 32}));
    failover.make_worker(loop, make_failover(loop, "failover", 60s, outputs_, nullptr));
    near_exporter = near.make_fake_worker(loop);
    far_exporter = far.make_fake_worker(loop);
    failover.make_pipeline(loop, "traces");
    near.make_pipeline(loop, "traces/near");
    far.make_pipeline(loop, "traces/far");
    for (Stage* level : {&near, &far}) {
      outputs_.groups.push_back(
          std::make_unique<pipeline::PipelineIntake>(loop, std::vector{level->pipeline.get()}));
    }
    near.worker->reroute_to(near.account, {outputs_.groups[1].get()});
    intake_ =
        std::make_unique<pipeline::PipelineIntake>(loop, std::vector{failover.pipeline.get()});
  }
  ~Chain() {
    for (Stage* stage : {&near, &far, &failover}) stage->worker.reset();
    while (writes_.run_one() || reads_.run_one()) {
    }
    storage_->clear();
    expect_balance();
  }

  void submit(uint64_t first, uint64_t count) {
    for (uint64_t item = first; item < first + count; ++item) {
      pipeline::testing::submit_to(
          *intake_, pipeline::testing::payload_of({item}), pipeline::Policy::kDurable, kNever,
          [](const pipeline::Verdict& verdict) { EXPECT_TRUE(verdict.ok()); });
    }
    run();
  }
  void run() {
    for (int rounds = 0; rounds < 100'000; ++rounds) {
      const bool turned = loop.turn();
      const bool wrote = writes_.run_one();
      const bool read = reads_.run_one();
      if (!turned && !wrote && !read) return;
    }
    ADD_FAILURE() << "never idle";
  }
  void advance(Duration by) {
    for (Duration passed = 0s; passed < by; passed += 50ms) {
      loop.advance(50ms);
      run();
    }
  }
  void near_dies() {
    near.answer = outcome_of(Kind::kRetry);
    while (!near_exporter->open.empty()) near_exporter->answer(outcome_of(Kind::kRetry));
    run();
  }
  // An orderly end, with what a drain leaves on disk.
  void end() {
    pipeline::Drain drain(loop);
    drain.add(*intake_);
    for (Stage* stage : {&failover, &near, &far}) drain.add(stage->destination);
    bool done = false;
    drain.start(loop.now() + 5s, [&] { done = true; });
    advance(6s);
    EXPECT_TRUE(done);
    log_->close([] {});
    run();
  }
  uint64_t on_disk_alone() const { return near.destination.backlog()->untaken_records(); }
  static std::set<uint64_t> items_of(const pipeline::testing::FakeExporter& exporter) {
    std::set<uint64_t> items;
    for (const auto& batch : exporter.delivered) items.insert(batch.begin(), batch.end());
    return items;
  }
  void expect_balance() const {
    ledger::Held held;
    for (const Stage* stage : {&failover, &near, &far}) {
      stage->destination.count_held(held);
      if (stage->worker != nullptr) stage->worker->count_held(held);
    }
    for (const ledger::Imbalance& wrong : ledger.check(held)) ADD_FAILURE() << wrong.to_text();
  }

  pipeline::testing::ManualLoop loop;
  ledger::Ledger ledger;

 private:
  Budget budget_{16 << 20};
  pipeline::testing::ManualLane writes_;
  pipeline::testing::ManualLane reads_;
  std::unique_ptr<segment_log::Log> log_;
  std::unique_ptr<pipeline::Storage> storage_;
  pipeline::ConnectorOutputs outputs_;
  std::unique_ptr<pipeline::Intake> intake_;

 public:
  Stage failover;
  Stage near;
  Stage far;
  pipeline::testing::FakeExporter* near_exporter = nullptr;
  pipeline::testing::FakeExporter* far_exporter = nullptr;
};

std::set<uint64_t> numbers(uint64_t first, uint64_t last) {
  std::set<uint64_t> items;
  for (uint64_t item = first; item <= last; ++item) items.insert(item);
  return items;
}

TEST(FailoverStorageTest, WhatLiesInTheQueueAndOnTheDiskOfALevelIsTakenOver) {
  SimDisk disk(1);
  Chain chain(disk);
  chain.near.answer.reset();
  chain.submit(1, 40);
  EXPECT_EQ(chain.near_exporter->open.size(), 2u);
  EXPECT_GT(chain.on_disk_alone(), 0u) << "memory does not hold all of it";
  chain.near_dies();
  chain.advance(10s);
  EXPECT_EQ(Chain::items_of(*chain.far_exporter), numbers(1, 40));
  EXPECT_EQ(chain.on_disk_alone(), 0u);
  EXPECT_EQ(chain.near.destination.numbers().queue_size, 0u);
  chain.expect_balance();
}

// The sender that waited for it ended with the process that wrote it.
TEST(FailoverStorageTest, WhatAnEarlierRunLeftOnDiskIsTakenOverToo) {
  SimDisk disk(1);
  {
    Chain chain(disk);
    chain.near.answer.reset();
    chain.far.answer.reset();
    chain.submit(1, 40);
    // The power fails: nothing was delivered.
  }
  Random random(3);
  disk.crash(random);
  Chain chain(disk);
  const uint64_t recovered = chain.near.account.snapshot().recovered.items;
  EXPECT_EQ(recovered, 40u);
  chain.near_dies();
  chain.advance(10s);
  EXPECT_EQ(Chain::items_of(*chain.far_exporter), numbers(1, 40));
  EXPECT_EQ(chain.near.account.snapshot()
                .dropped[static_cast<size_t>(ledger::DropReason::kHandedBack)]
                .items,
            40u);
  EXPECT_EQ(chain.on_disk_alone(), 0u);
  chain.expect_balance();
}

TEST(FailoverStorageTest, WithoutALevelThatDeliversItStaysOnDisk) {
  SimDisk disk(1);
  {
    Chain chain(disk);
    chain.near.answer.reset();
    chain.far.answer.reset();
    chain.submit(1, 40);
    chain.end();
  }
  for (int start = 0; start < 2; ++start) {
    disk.restart();
    Chain chain(disk);
    const uint64_t recovered = chain.near.account.snapshot().recovered.items;
    EXPECT_EQ(recovered, 40u) << "start " << start;
    chain.far.answer = outcome_of(Kind::kRetry);
    chain.near_dies();
    chain.advance(30s);
    chain.expect_balance();
    chain.end();
    EXPECT_TRUE(chain.far_exporter->delivered.empty());
  }
  disk.restart();
  Chain chain(disk);
  chain.near_dies();
  chain.advance(30s);
  EXPECT_EQ(Chain::items_of(*chain.far_exporter), numbers(1, 40));
}

TEST(FailoverStorageTest, ALevelThatAnswersAgainDeliversItsOwn) {
  SimDisk disk(1);
  {
    Chain chain(disk);
    chain.near.answer.reset();
    chain.far.answer.reset();
    chain.submit(1, 20);
  }
  Random random(3);
  disk.crash(random);
  Chain chain(disk);
  const uint64_t recovered = chain.near.account.snapshot().recovered.items;
  chain.far.answer = outcome_of(Kind::kRetry);
  chain.near_dies();
  chain.advance(3s);
  chain.near.answer = Outcome{};
  chain.advance(400s);  // until the far level's retries are used up
  EXPECT_EQ(Chain::items_of(*chain.near_exporter).size(), recovered);
  EXPECT_EQ(chain.on_disk_alone(), 0u);
}

TEST(FailoverStorageTest, WhatIsDurableInFrontSurvivesAPowerCutThoughNoLevelTookIt) {
  SimDisk disk(1);
  {
    Chain chain(disk, Disk::kInFront);
    chain.near.answer = outcome_of(Kind::kRetry);
    chain.far.answer = outcome_of(Kind::kRetry);
    chain.submit(1, 40);  // each of them is answered OK
    chain.advance(3s);
    EXPECT_GT(chain.failover.destination.backlog()->untaken_records(), 0u);
    chain.expect_balance();
  }
  Random random(3);
  disk.crash(random);
  Chain chain(disk, Disk::kInFront);
  EXPECT_EQ(chain.failover.account.snapshot().recovered.items, 40u);
  chain.near.answer = outcome_of(Kind::kRetry);
  chain.advance(30s);
  EXPECT_EQ(Chain::items_of(*chain.far_exporter), numbers(1, 40));
  EXPECT_EQ(chain.failover.destination.backlog()->untaken_records(), 0u);
  EXPECT_EQ(chain.failover.destination.numbers().queue_size, 0u);
  chain.expect_balance();
}

}  // namespace
}  // namespace millrace::connectors
