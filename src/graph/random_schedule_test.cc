// Thousands of seeded schedules: several workers on one virtual clock, destinations that do what
// they like, queues of all kinds. At the end of each: the ledger balances, every sender heard once,
// nothing was delivered that was not submitted, and nothing is missing that was not counted.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "graph/auditor.h"
#include "graph/drain.h"
#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using ledger::DropReason;
using testing::FakeExporter;
using testing::ManualLoop;
using testing::outcome_of;
using Kind = Outcome::Kind;

Duration millis(uint64_t count) { return Duration(1ms) * static_cast<int64_t>(count); }

// Two workers that share two destinations; one pipeline.
class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {
    for (int i = 0; i < 2; ++i) loops_.push_back(std::make_unique<ManualLoop>(seed + 1 + i));
    for (const char* name : {"a", "b"}) {
      destinations_.push_back(std::make_unique<Destination>(random_options(name)));
      accounts_.push_back(&ledger_.open(Signal::kTraces, "traces", name));
    }
    for (auto& loop : loops_) add_worker(*loop);
    make_auditor();
  }

  void run(int steps) {
    for (int step = 0; step < steps; ++step) do_something();
    drain();
    expect_all_settled();
  }

 private:
  DestinationOptions random_options(const char* name) {
    DestinationOptions options;
    options.name = name;
    options.queue.capacity = 1 + random_.below(40);
    options.queue.sizer = static_cast<Sizer>(random_.below(3));
    if (options.queue.sizer == Sizer::kBytes) options.queue.capacity *= 40;
    options.queue.on_full = static_cast<OnFull>(random_.below(3));
    options.queue.age_max = random_.chance(0.2) ? Duration(3s) : Duration(0s);
    options.batch.mode = static_cast<BatchMode>(random_.below(3));
    options.batch.items_max = random_.below(10);
    options.batch.bytes_max = random_.chance(0.3) ? 8 * (1 + random_.below(10)) : 0;
    options.batch.items_min = random_.below(12);
    options.batch.flush_timeout = millis(50 * random_.below(5));
    if (random_.chance(0.3)) options.batch.metadata_keys = {"tenant"};
    options.retry.enabled = random_.chance(0.8);
    options.retry.max_elapsed_time = random_.chance(0.5) ? Duration(20s) : Duration(0s);
    options.concurrency.max = static_cast<uint32_t>(1 + random_.below(4));
    options.required = random_.chance(0.7);
    options.wait_for_result = random_.chance(0.2);
    return options;
  }

  void add_worker(ManualLoop& loop) {
    std::vector<PipelineWorker::Output> outputs;
    for (size_t i = 0; i < destinations_.size(); ++i) {
      auto exporter = std::make_unique<FakeExporter>(loop);
      exporters_.push_back(exporter.get());
      workers_.push_back(std::make_unique<DestinationWorker>(
          *destinations_[i], loop,
          DestinationWorker::Parts{
              .exporter = std::move(exporter), .cutter = testing::cut_records, .pool = &pool_}));
      outputs.push_back({workers_.back().get(), accounts_[i]});
    }
    pipelines_.push_back(std::make_unique<PipelineWorker>(loop, "traces", std::move(outputs)));
    intakes_.push_back(
        std::make_unique<PipelineIntake>(loop, std::vector{pipelines_.back().get()}));
  }

  // Any finding in the middle of all this is a failure.
  void make_auditor() {
    Auditor::Parts parts;
    for (size_t i = 0; i < loops_.size(); ++i) {
      Auditor::OnLoop on_loop{loops_[i].get(), {}, {pipelines_[i].get()}};
      for (const auto& worker : workers_) {
        if (&worker->loop() == loops_[i].get()) on_loop.destinations.push_back(worker.get());
      }
      parts.loops.push_back(std::move(on_loop));
    }
    for (const auto& destination : destinations_) parts.destinations.push_back(destination.get());
    parts.ledger = &ledger_;
    parts.on_finding = [](const ledger::Finding& finding) { ADD_FAILURE() << finding.to_text(); };
    auditor_ = std::make_unique<Auditor>(std::move(parts));
  }

  void do_something() {
    auditor_->start_round();
    const uint64_t what = random_.below(10);
    if (what < 5) {
      submit();
    } else if (what < 8) {
      answer(*exporters_[random_.below(exporters_.size())]);
    } else if (what == 8) {
      loops_[random_.below(2)]->turn();
    } else {
      advance(millis(random_.below(random_.chance(0.1) ? 20'000 : 300)));
    }
  }

  void submit() {
    std::vector<uint64_t> items;
    for (uint64_t i = 0, count = 1 + random_.below(12); i < count; ++i) items.push_back(next_++);
    Payload payload = testing::payload_of(items);
    if (random_.chance(0.7)) {
      auto metadata = std::make_shared<Metadata>();
      metadata->entries = {{"tenant", std::to_string(random_.below(3))}};
      payload.metadata = metadata;
    }
    const size_t worker = random_.below(2);
    const MonotonicTime deadline =
        random_.chance(0.5) ? kNever : loops_[0]->now() + millis(random_.below(3000));
    const size_t index = verdicts_.size();
    verdicts_.push_back(0);
    testing::submit_to(*intakes_[worker], std::move(payload),
                       random_.chance(0.5) ? Policy::kDelivered : Policy::kAccepted, deadline,
                       [this, index](const Verdict&) { ++verdicts_[index]; });
  }

  void answer(FakeExporter& exporter) {
    if (exporter.open.empty()) return;
    constexpr Kind kKinds[] = {Kind::kDelivered, Kind::kDelivered, Kind::kDelivered,
                               Kind::kPartial,   Kind::kRetry,     Kind::kRetry,
                               Kind::kTooLarge,  Kind::kRefused,   Kind::kBadData};
    Outcome outcome = outcome_of(kKinds[random_.below(std::size(kKinds))]);
    outcome.rejected_count = random_.below(5);
    if (random_.chance(0.1)) outcome.retry_after = millis(1000 * random_.below(40));
    exporter.answer(std::move(outcome));
  }

  void advance(Duration by) {
    const MonotonicTime end = loops_[0]->now() + by;
    for (;;) {
      bool ran = false;
      for (auto& loop : loops_) ran = loop->turn() || ran;
      if (ran) continue;
      const MonotonicTime next = std::min(loops_[0]->next_timer(), loops_[1]->next_timer());
      if (next > end) break;
      for (auto& loop : loops_) loop->set_now(std::max(loop->now(), next));
    }
    for (auto& loop : loops_) loop->set_now(end);
  }

  ledger::Held held() const {
    ledger::Held held;
    for (const auto& destination : destinations_) destination->count_held(held);
    for (const auto& worker : workers_) worker->count_held(held);
    return held;
  }

  void drain() {
    advance(0s);
    EXPECT_TRUE(ledger_.check(held()).empty()) << ledger_.to_line(held());
    bool done = false;
    Drain drain(*loops_[0]);
    for (auto& intake : intakes_) drain.add(*intake);
    for (auto& pipeline : pipelines_) drain.add(*pipeline);
    for (auto& destination : destinations_) drain.add(*destination);
    const MonotonicTime deadline = loops_[0]->now() + 10s;
    drain.start(deadline, [&] { done = true; });
    while (!done && loops_[0]->now() < deadline) {
      advance(1s);
      for (FakeExporter* exporter : exporters_) answer(*exporter);
    }
    advance(0s);
    EXPECT_TRUE(done);
  }

  void expect_all_settled() {
    EXPECT_GT(auditor_->round_count(), 0u);
    EXPECT_EQ(held().total().items, 0u);
    EXPECT_TRUE(ledger_.check(held()).empty()) << ledger_.to_line(held());
    for (const auto& destination : destinations_) EXPECT_TRUE(destination->is_empty());
    EXPECT_EQ(std::count(verdicts_.begin(), verdicts_.end(), 1),
              static_cast<ptrdiff_t>(verdicts_.size()));
    for (size_t i = 0; i < destinations_.size(); ++i) {
      std::set<uint64_t> seen;
      uint64_t count = 0;
      for (size_t worker = 0; worker < 2; ++worker) {
        for (const auto& batch : exporters_[worker * destinations_.size() + i]->delivered) {
          for (const uint64_t item : batch) {
            EXPECT_TRUE(item < next_ && seen.insert(item).second) << "item " << item;
          }
          count += batch.size();
        }
      }
      const ledger::AccountSnapshot sum = accounts_[i]->snapshot();
      EXPECT_EQ(count, sum.delivered.items + sum.rejected_by_peer.items);
      EXPECT_EQ(sum.dropped[static_cast<size_t>(DropReason::kShutdown)].items, 0u);
    }
  }

  Random random_;
  Budget budget_{256 << 20};
  ChunkPool pool_{budget_, 1};
  ledger::Ledger ledger_;
  std::vector<std::unique_ptr<ManualLoop>> loops_;
  std::vector<std::unique_ptr<Destination>> destinations_;
  std::vector<ledger::Account*> accounts_;
  std::vector<FakeExporter*> exporters_;  // worker-major
  std::vector<std::unique_ptr<DestinationWorker>> workers_;
  std::vector<std::unique_ptr<PipelineWorker>> pipelines_;
  std::vector<std::unique_ptr<Intake>> intakes_;
  std::unique_ptr<Auditor> auditor_;
  std::vector<int> verdicts_;  // how many verdicts each sender got
  uint64_t next_ = 1;
};

TEST(RandomScheduleTest, LedgerBalancesAndNothingIsLostInEverySchedule) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World(seed).run(200);
    if (::testing::Test::HasFailure()) break;
  }
}

// With answers that come at once and a clock that stands still but for a second at the end, nothing
// may be left lying: that is what a lost wake-up would look like.
TEST(RandomScheduleTest, NobodyIsForgotten) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    DestinationOptions options = testing::plain_options();
    options.queue.capacity = 1000;
    options.concurrency.max = static_cast<uint32_t>(1 + random.below(3));
    options.batch.items_max = 1 + random.below(20);
    options.batch.flush_timeout = 1h;
    testing::Rig rig({options});
    for (int step = 0; step < 100; ++step) {
      rig.submit(static_cast<uint32_t>(1 + random.below(30)));
      if (random.chance(0.5)) rig.run();
      if (random.chance(0.4) && !rig.sinks[0].exporter->open.empty()) {
        rig.sinks[0].exporter->answer(Kind::kDelivered);
      }
    }
    rig.run();
    while (!rig.sinks[0].exporter->open.empty()) {
      rig.sinks[0].exporter->answer(Kind::kDelivered);
      rig.run();
    }
    ASSERT_EQ(rig.held_items(), 0u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace millrace::pipeline
