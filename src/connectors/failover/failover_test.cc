#include "connectors/failover/failover.h"

#include <gtest/gtest.h>

#include <deque>

#include "graph/testing/rig.h"

namespace millrace::connectors {
namespace {

using pipeline::Outcome;
using pipeline::testing::outcome_of;
using pipeline::testing::plain_options;
using Kind = Outcome::Kind;

// Levels of one pipeline with one destination each, and the connector before them.
class FailoverTest : public ::testing::Test {
 protected:
  // The queues of the first levels, where they are not as usual.
  void make(size_t level_count, const std::vector<pipeline::QueueOptions>& queues = {}) {
    for (size_t i = 0; i < level_count; ++i) {
      pipeline::DestinationOptions options = plain_options("level" + std::to_string(i));
      options.batch.mode = pipeline::BatchMode::kNone;
      options.retry.breaker_failures = 1;
      options.hands_back = i + 1 < level_count;
      if (i < queues.size()) options.queue = queues[i];
      levels_.push_back(std::make_unique<Level>());
      Level& level = *levels_.back();
      level.destination = std::make_unique<pipeline::Destination>(options);
      auto exporter = std::make_unique<pipeline::testing::FakeExporter>(
          loop_, [&level](const pipeline::Batch&) { return level.answer; });
      level.exporter = exporter.get();
      level.worker = std::make_unique<pipeline::DestinationWorker>(
          *level.destination, loop_,
          pipeline::DestinationWorker::Parts{.exporter = std::move(exporter), .cutter = {}});
      level.account = &ledger_.open(Signal::kTraces, "traces/" + options.name, options.name);
      level.pipeline = std::make_unique<pipeline::PipelineWorker>(
          loop_, "traces/" + options.name,
          std::vector<pipeline::PipelineWorker::Output>{{level.worker.get(), level.account}});
      outputs_.groups.push_back(
          std::make_unique<pipeline::PipelineIntake>(loop_, std::vector{level.pipeline.get()}));
    }
    failover_ = make_failover(loop_, "failover", 60s, outputs_, nullptr);
  }
  ~FailoverTest() override {
    failover_.reset();
    ledger::Held held;
    for (const auto& level : levels_) {
      level->destination->count_held(held);
      if (level->worker != nullptr) level->worker->count_held(held);
    }
    for (const ledger::Imbalance& wrong : ledger_.check(held)) ADD_FAILURE() << wrong.to_text();
  }

  // The outcome of one batch; runs the loop until nothing more happens at this moment.
  std::optional<Outcome> send(uint32_t item_count = 1) {
    auto outcome = std::make_shared<std::optional<Outcome>>();
    std::vector<uint64_t> items(item_count);
    for (uint64_t& item : items) item = next_item_++;
    pipeline::Payload payload = pipeline::testing::payload_of(items);
    failover_->send_batch({.signal = payload.signal,
                           .item_count = item_count,
                           .bytes = payload.bytes,
                           .metadata = nullptr},
                          kNever, [outcome](Outcome got) { *outcome = std::move(got); });
    EXPECT_FALSE(outcome->has_value()) << "answered from inside send_batch";
    run();
    return *outcome;
  }
  void run() {
    for (int i = 0; i < 5; ++i) {
      loop_.run_until_idle();
      loop_.advance(1ms);
    }
  }
  size_t delivered(size_t level) const { return levels_[level]->exporter->delivered.size(); }
  int attempts(size_t level) const { return levels_[level]->exporter->attempt_count; }
  void die(size_t level) { levels_[level]->answer = outcome_of(Kind::kRetry); }
  void live(size_t level) { levels_[level]->answer = Outcome{}; }

  struct Level {
    std::unique_ptr<pipeline::Destination> destination;
    pipeline::testing::FakeExporter* exporter = nullptr;
    std::unique_ptr<pipeline::DestinationWorker> worker;
    ledger::Account* account = nullptr;
    std::unique_ptr<pipeline::PipelineWorker> pipeline;
    std::optional<Outcome> answer = Outcome{};  // nothing: the test answers
  };
  pipeline::testing::ManualLoop loop_;
  ledger::Ledger ledger_;
  std::vector<std::unique_ptr<Level>> levels_;
  pipeline::ConnectorOutputs outputs_;
  std::unique_ptr<pipeline::Exporter> failover_;
  uint64_t next_item_ = 1;
};

TEST_F(FailoverTest, FirstLevelGetsEverythingWhileItDelivers) {
  make(2);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send()->kind, Kind::kDelivered);
  EXPECT_EQ(delivered(0), 5u);
  EXPECT_EQ(attempts(1), 0);
  EXPECT_EQ(failover_->describe(), "level 1");
}

TEST_F(FailoverTest, WhatTheFirstLevelGivesBackGoesToTheNextAndSoDoesWhatFollows) {
  make(3);
  die(0);
  die(1);
  EXPECT_EQ(send()->kind, Kind::kDelivered);
  EXPECT_EQ(delivered(2), 1u);
  EXPECT_EQ(levels_[0]
                ->account->snapshot()
                .dropped[static_cast<size_t>(ledger::DropReason::kHandedBack)]
                .items,
            1u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send()->kind, Kind::kDelivered);
  EXPECT_EQ(delivered(2), 6u);
  EXPECT_EQ(attempts(0), 1) << "left alone for retry_interval";
  EXPECT_EQ(failover_->describe(), "level 3");
}

TEST_F(FailoverTest, QueuedDataOfALevelThatDiesIsTakenOver) {
  make(2);
  levels_[0]->answer.reset();
  std::vector<std::optional<Outcome>> outcomes(20);
  for (std::optional<Outcome>& outcome : outcomes) {
    pipeline::Payload payload = pipeline::testing::payload_of({next_item_++});
    failover_->send_batch(
        {.signal = payload.signal, .item_count = 1, .bytes = payload.bytes, .metadata = nullptr},
        kNever, [&outcome](Outcome got) { outcome = std::move(got); });
  }
  run();
  EXPECT_EQ(levels_[0]->exporter->open.size(), 10u) << "ten under way, ten in its queue";
  die(0);
  while (!levels_[0]->exporter->open.empty()) {
    levels_[0]->exporter->answer(outcome_of(Kind::kRetry));
  }
  for (int i = 0; i < 20; ++i) run();
  for (const std::optional<Outcome>& outcome : outcomes) {
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->kind, Kind::kDelivered);
  }
  EXPECT_EQ(delivered(1), 20u);
}

TEST_F(FailoverTest, OneBatchFindsOutWhetherTheFirstLevelWorksAgain) {
  make(2);
  die(0);
  EXPECT_EQ(send()->kind, Kind::kDelivered);
  loop_.advance(61s);
  EXPECT_EQ(send()->kind, Kind::kDelivered) << "still dead: the batch goes on to the next level";
  EXPECT_EQ(attempts(0), 2);
  EXPECT_EQ(send()->kind, Kind::kDelivered);
  EXPECT_EQ(attempts(0), 2);
  live(0);
  loop_.advance(61s);
  EXPECT_EQ(send()->kind, Kind::kDelivered);
  EXPECT_EQ(send()->kind, Kind::kDelivered);
  EXPECT_EQ(delivered(0), 2u);
  EXPECT_EQ(delivered(1), 3u);
}

TEST_F(FailoverTest, WithoutALevelThatDeliversTheBatchIsTriedAgain) {
  make(2);
  die(0);
  levels_[1]->answer = outcome_of(Kind::kRefused);
  EXPECT_EQ(send()->kind, Kind::kRetry);
  EXPECT_EQ(failover_->describe(), "no level delivers");
  live(1);
  EXPECT_EQ(send()->kind, Kind::kDelivered) << "every level is tried when none is known to work";
}

TEST_F(FailoverTest, BadDataIsNoReasonToFailOver) {
  make(2);
  levels_[0]->answer = outcome_of(Kind::kBadData);
  EXPECT_EQ(send()->kind, Kind::kRefused);
  EXPECT_EQ(attempts(1), 0);
  live(0);
  EXPECT_EQ(send()->kind, Kind::kDelivered);
  EXPECT_EQ(delivered(0), 1u);
}

// It was refused as bad data would be, though another level had room for it.
TEST_F(FailoverTest, WhatIsLargerThanALevelsQueueGoesToTheNext) {
  const pipeline::QueueOptions small{.capacity = 2, .sizer = pipeline::Sizer::kItems};
  make(2, {small});
  EXPECT_EQ(send(3)->kind, Kind::kDelivered);
  EXPECT_EQ(attempts(0), 0);
  EXPECT_EQ(delivered(1), 1u);
  EXPECT_EQ(send(2)->kind, Kind::kDelivered);
  EXPECT_EQ(delivered(0), 1u) << "nothing is wrong with that level";
  die(1);
  EXPECT_FALSE(send(3).has_value()) << "it waits where there is room for it";
}

TEST_F(FailoverTest, WhatIsLargerThanEveryQueueIsRefusedForGood) {
  const pipeline::QueueOptions small{.capacity = 2, .sizer = pipeline::Sizer::kItems};
  make(2, {small, small});
  EXPECT_EQ(send(3)->kind, Kind::kRefused);
  EXPECT_EQ(send(2)->kind, Kind::kDelivered);
}

TEST_F(FailoverTest, ClosingCancelsWhatIsUnderWayAndIgnoresItsAnswer) {
  make(2);
  levels_[0]->answer.reset();
  EXPECT_FALSE(send().has_value());
  failover_->close();
  levels_[0]->exporter->answer(Kind::kDelivered);
  run();
  EXPECT_EQ(send()->kind, Kind::kCancelled);
}

// Refusing the line of one level made the connector hand on to the next, which was gone already.
TEST_F(FailoverTest, WhoWaitsInLineAtALevelIsNotHandedOnWhenTheProcessEnds) {
  make(2, {{.capacity = 1, .on_full = pipeline::OnFull::kBlock}});
  levels_[0]->answer.reset();
  pipeline::DestinationOptions options = plain_options("failover");
  options.batch.mode = pipeline::BatchMode::kNone;
  options.concurrency.max = 10;
  pipeline::Destination front(options);
  auto worker = std::make_unique<pipeline::DestinationWorker>(
      front, loop_,
      pipeline::DestinationWorker::Parts{.exporter = std::move(failover_), .cutter = {}});
  ledger::Account& account = ledger_.open(Signal::kTraces, "traces", "failover");
  for (int i = 0; i < 3; ++i) {
    pipeline::Payload payload = pipeline::testing::payload_of({next_item_++});
    ASSERT_EQ(worker->try_reserve(payload), pipeline::DestinationWorker::Room::kReserved);
    worker->book().admit(account, {1, 8});
    worker->commit(std::move(payload), account, 8);
  }
  run();
  ASSERT_EQ(levels_[0]->exporter->open.size(), 1u);
  for (pipeline::DestinationWorker* each :
       {levels_[0]->worker.get(), levels_[1]->worker.get(), worker.get()}) {
    each->stop_exporting();
  }
  levels_[1]->worker.reset();
  levels_[0]->worker.reset();
  worker.reset();
  EXPECT_EQ(levels_[0]->account->snapshot().entered().items, 1u);
  EXPECT_EQ(levels_[1]->account->snapshot().entered().items, 0u);
  EXPECT_EQ(account.snapshot().dropped_total().items, 3u);
}

}  // namespace
}  // namespace millrace::connectors
