// The end: what is flushed, in which order, and until when.
#include "graph/drain.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "graph/pipeline_intake.h"
#include "graph/testing/holder.h"
#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using ledger::Amount;
using ledger::DropReason;
using testing::Holder;
using testing::outcome_of;
using testing::plain_options;
using testing::Rig;
using Kind = Outcome::Kind;

struct DrainRig : Rig {
  using Rig::Rig;
  void start(Duration time) {
    drain = std::make_unique<Drain>(loop);
    drain->add(*intake);
    drain->add(*pipeline);
    for (auto& sink : sinks) drain->add(*sink.destination);
    drain->start(loop.now() + time, [this] { done = true; });
    run();
  }
  std::unique_ptr<Drain> drain;
  bool done = false;
};

TEST(DrainTest, FlushesWhatWaitsAndIsDoneWhenAllIsAnswered) {
  DestinationOptions options = plain_options();
  options.batch = {.mode = BatchMode::kFixed, .flush_timeout = 1h};
  DrainRig rig({options});
  rig.submit(1);
  rig.run();
  EXPECT_EQ(rig.sinks[0].exporter->attempt_count, 0);
  rig.start(10s);
  EXPECT_FALSE(rig.done);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_TRUE(rig.done);
  EXPECT_EQ(rig.verdicts[rig.submit(1)]->message, "shutting down");
}

TEST(DrainTest, WithNothingHeldItIsDoneAtOnce) {
  DrainRig rig({plain_options("a"), plain_options("b")});
  rig.start(10s);
  EXPECT_TRUE(rig.done);
}

TEST(DrainTest, RetriesUntilItsDeadlineThenDropsAndCounts) {
  DestinationOptions dead = plain_options("dead");
  dead.concurrency.max = 1;
  DrainRig rig({dead});
  const size_t verdict = rig.submit(2, Policy::kDelivered);
  rig.run();
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
  rig.submit(1);
  rig.run();
  rig.start(2s);
  EXPECT_EQ(rig.sinks[0].exporter->attempt_count, 2) << "once more without waiting";
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
  rig.loop.advance(1s);
  EXPECT_EQ(rig.sinks[0].exporter->attempt_count, 3);
  EXPECT_FALSE(rig.done);
  rig.loop.advance(1s);
  EXPECT_TRUE(rig.done);
  EXPECT_TRUE(rig.sinks[0].exporter->closed);
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kDrainDeadline), (Amount{3, 24}));
  EXPECT_EQ(rig.verdicts[verdict]->code, Code::kUnavailable);
  EXPECT_EQ(rig.held_items(), 0u);
}

TEST(DrainTest, ADeadBestEffortDestinationHoldsTheEndForTwoSecondsOnceTheOthersAreDone) {
  DestinationOptions dead = plain_options("dead");
  dead.required = false;
  dead.concurrency.max = 1;
  DrainRig rig({plain_options("slow"), dead});
  rig.submit(3);
  rig.run();
  rig.sinks[1].exporter->answer(outcome_of(Kind::kRetry));
  rig.start(20s);
  rig.loop.advance(5s);
  EXPECT_FALSE(rig.sinks[1].exporter->closed) << "the required one is not done yet";
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_FALSE(rig.done) << "it may still be delivered";
  rig.loop.advance(2s);
  rig.run();
  EXPECT_TRUE(rig.sinks[1].exporter->closed);
  EXPECT_TRUE(rig.done);
  EXPECT_EQ(rig.sinks[0].seen().delivered, (Amount{3, 24}));
  EXPECT_EQ(rig.sinks[1].dropped(DropReason::kDrainDeadline), (Amount{3, 24}));
}

TEST(DrainTest, ProcessorsEmitBeforeDestinationsClose) {
  DrainRig rig;
  rig.pipeline->add_processor(std::make_unique<Holder>(rig.pipeline->next_outlet()), rig.long_work);
  rig.submit(3);
  rig.start(1s);
  EXPECT_FALSE(rig.done);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_TRUE(rig.done);
  EXPECT_EQ(rig.sinks[0].seen().delivered, (Amount{3, 24}));
}

// As a connector that counts: what it holds becomes a request of the destination behind it.
TEST(DrainTest, WhatAnExporterHoldsGoesOnOnceItsQueueIsEmpty) {
  DrainRig rig({plain_options("connector"), plain_options("behind")});
  Exporter::Flushed flushed;
  int flushes = 0;
  rig.sinks[0].exporter->on_flush = [&](Exporter::Flushed done) {
    flushed = std::move(done);
    return ++flushes > 0;
  };
  rig.submit(1);
  rig.run();
  rig.sinks[1].exporter->answer(Kind::kDelivered);
  rig.start(10s);
  EXPECT_EQ(flushes, 0) << "a batch is still under way";
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_EQ(flushes, 1);
  EXPECT_FALSE(rig.done) << "the exporter has not finished";
  std::exchange(flushed, nullptr)();
  rig.run();
  EXPECT_TRUE(rig.done);
  EXPECT_EQ(flushes, 1);
}

// The processors were flushed before, when there was nothing to emit yet.
TEST(DrainTest, ProcessorsBehindAConnectorAreFlushedAgain) {
  DrainRig rig({plain_options("behind")});
  rig.pipeline->add_processor(std::make_unique<Holder>(rig.pipeline->next_outlet()), rig.long_work);
  PipelineIntake of_connector(rig.loop, {rig.pipeline.get()});
  int flushes = 0;
  rig.sinks[0].exporter->on_flush = [&](const Exporter::Flushed&) {
    if (flushes++ == 0) {
      testing::submit_to(of_connector, testing::payload_of({1, 2}), Policy::kAccepted, kNever,
                         [](const Verdict& verdict) { EXPECT_TRUE(verdict.ok()); });
    }
    return false;
  };
  rig.start(10s);
  EXPECT_FALSE(rig.done);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_TRUE(rig.done);
  EXPECT_EQ(rig.sinks[0].seen().delivered.items, 2u);
}

TEST(DrainTest, AnExporterThatHoldsNothingEndsTheDrainAtOnce) {
  DrainRig rig({plain_options("a")});
  rig.sinks[0].exporter->on_flush = [](const Exporter::Flushed&) { return false; };
  rig.start(10s);
  EXPECT_TRUE(rig.done);
}

TEST(DrainTest, BlockedSendersAreToldAtOnce) {
  DestinationOptions options = plain_options("tight");
  options.queue.capacity = 1;
  options.queue.on_full = OnFull::kBlock;
  DrainRig rig({options});
  rig.submit(1);
  const size_t blocked = rig.submit(1);
  rig.start(5s);
  EXPECT_EQ(rig.verdicts[blocked]->code, Code::kUnavailable);
}

TEST(DrainTest, WhatIsLeftWithoutADrainIsCountedAsShutdown) {
  Rig rig;
  rig.submit(2);
  rig.run();
  rig.submit(1);
  rig.auditor.reset();
  rig.sinks[0].worker.reset();
  rig.sinks[0].exporter = nullptr;
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kShutdown), (Amount{3, 24}));
  ledger::Held held;
  rig.sinks[0].destination->count_held(held);
  EXPECT_TRUE(rig.ledger.check(held).empty());
  rig.sinks.clear();
}

}  // namespace
}  // namespace millrace::pipeline
