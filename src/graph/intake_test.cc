// Fan-out: all or none; policies; processors; several pipelines.
#include "graph/pipeline_intake.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/log.h"
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
using Batches = std::vector<std::vector<uint64_t>>;

DestinationOptions small(std::string name, uint64_t capacity) {
  DestinationOptions options = plain_options(std::move(name));
  options.queue.capacity = capacity;
  return options;
}

TEST(IntakeTest, AcceptedIsAnsweredAtOnce) {
  Rig rig({plain_options("a"), plain_options("b")});
  const size_t verdict = rig.submit(1);
  EXPECT_TRUE(rig.verdicts[verdict]->ok());
}

TEST(IntakeTest, AnEmptyRequestIsAGoodOne) {
  Rig rig;
  EXPECT_TRUE(rig.verdicts[rig.submit(Payload{}, Policy::kDelivered)]->ok());
}

TEST(IntakeTest, DeliveredWaitsForEveryRequiredDestinationAndIsNeverAnsweredInside) {
  DestinationOptions extra = plain_options("extra");
  extra.required = false;
  Rig rig({plain_options("a"), plain_options("b"), extra});
  const size_t verdict = rig.submit(2, Policy::kDelivered);
  rig.run();
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_FALSE(rig.verdicts[verdict].has_value());
  rig.sinks[1].exporter->answer(Kind::kDelivered);
  EXPECT_FALSE(rig.verdicts[verdict].has_value()) << "not from inside the exporter's call";
  rig.run();
  EXPECT_TRUE(rig.verdicts[verdict]->ok());
}

TEST(IntakeTest, WaitForResultHoldsTheAnswerWhateverThePolicy) {
  DestinationOptions waits = plain_options("waits");
  waits.wait_for_result = true;
  Rig rig({waits, plain_options("b")});
  const size_t verdict = rig.submit(2, Policy::kAccepted);
  rig.run();
  EXPECT_FALSE(rig.verdicts[verdict].has_value());
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRefused));
  rig.run();
  EXPECT_EQ(rig.verdicts[verdict]->code, Code::kInternal);
}

TEST(IntakeTest, OneFullRequiredDestinationKeepsTheRequestOutOfAll) {
  Rig rig({plain_options("roomy"), small("tight", 1)});
  rig.submit(1);
  const size_t refused = rig.submit(1, Policy::kDelivered);
  EXPECT_EQ(rig.verdicts[refused]->code, Code::kUnavailable);
  EXPECT_EQ(rig.verdicts[refused]->message, "tight: sending queue is full");
  EXPECT_EQ(rig.sinks[0].seen().admitted, (Amount{1, 8}));
  EXPECT_EQ(rig.sinks[0].destination->numbers().queue_size, 1u);
}

TEST(IntakeTest, AFullBestEffortDestinationDropsAndCounts) {
  DestinationOptions spare = small("spare", 1);
  spare.required = false;
  Rig rig({plain_options("a"), spare});
  rig.submit(1);
  EXPECT_TRUE(rig.verdicts[rig.submit(1)]->ok());
  EXPECT_EQ(rig.sinks[0].destination->numbers().queue_size, 2u);
  EXPECT_EQ(rig.sinks[1].seen().admitted, (Amount{2, 16}));
  EXPECT_EQ(rig.sinks[1].dropped(DropReason::kQueueFull), (Amount{1, 8}));
}

TEST(IntakeTest, WhatFindsNoRoomIsSaidInTheLogAtOnceAndOnlyOnce) {
  std::string lines;
  Logger log(
      {.sampling_enabled = false}, [&](std::string_view line) { lines += line; },
      [] { return int64_t{0}; });
  for (const bool required : {true, false}) {
    lines.clear();
    DestinationOptions options = small("tight", 1);
    options.required = required;
    Rig rig({options}, {}, nullptr, &log);
    for (int i = 0; i < 20; ++i) rig.submit(1);
    const char* said = required ? "Data is being refused; its senders hear of it. exporter=tight "
                                  "signal=traces reason=queue_full refused_items=1\n"
                                : "Data is being dropped. exporter=tight signal=traces "
                                  "reason=queue_full dropped_items=1\n";
    EXPECT_TRUE(lines.ends_with(said)) << lines;
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1);
  }
}

TEST(IntakeTest, ADeadDestinationCostsTheOthersNothingUntilItIsFull) {
  Rig rig({plain_options("alive"), small("dead", 3)});
  for (int i = 0; i < 3; ++i) {
    rig.submit(1);
    rig.run();
    rig.sinks[0].exporter->answer(Kind::kDelivered);
  }
  EXPECT_EQ(rig.sinks[0].exporter->delivered.size(), 3u);
  EXPECT_FALSE(rig.verdicts[rig.submit(1)]->ok());
}

TEST(IntakeTest, FailureThatMayPassIsToldBeforeOneThatIsFinal) {
  DestinationOptions a = plain_options("a");
  DestinationOptions b = plain_options("b");
  b.retry.enabled = false;
  Rig rig({a, b});
  const size_t verdict = rig.submit(1, Policy::kDelivered);
  rig.run();
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRefused));
  rig.sinks[1].exporter->answer(outcome_of(Kind::kRetry, "busy"));
  rig.run();
  EXPECT_EQ(rig.verdicts[verdict]->message, "b: busy");
  EXPECT_TRUE(rig.verdicts[verdict]->retry_after.has_value());
}

// Removes the first `count` items of each request, or refuses it.
class Filter final : public Processor {
 public:
  explicit Filter(uint32_t count) : count_(count) {}
  Result<ProcessorResult> process(Payload& payload, Work&) override {
    if (count_ == UINT32_MAX) return fail(Code::kInvalidArgument, "not this one");
    const uint32_t removed = std::min(count_, payload.item_count);
    payload.bytes = payload.bytes.slice(removed * 8, payload.bytes.size() - removed * 8);
    payload.item_count -= removed;
    return ProcessorResult{.filtered_count = removed};
  }

 private:
  const uint32_t count_;
};

TEST(IntakeTest, FilteredItemsAreAccountedWithTheirShareOfTheBytes) {
  Rig rig;
  rig.pipeline->add_processor(std::make_unique<Filter>(2), rig.long_work);
  rig.submit(3);
  EXPECT_TRUE(rig.verdicts[rig.submit(2)]->ok()) << "nothing left is fine";
  rig.run();
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{3}}));
  EXPECT_EQ(rig.sinks[0].seen().filtered, (Amount{4, 32}));
  EXPECT_EQ(rig.sinks[0].seen().delivered, (Amount{1, 8}));
}

TEST(IntakeTest, AProcessorsErrorRejectsTheWholeRequest) {
  Rig rig;
  rig.pipeline->add_processor(std::make_unique<Filter>(UINT32_MAX), rig.long_work);
  const size_t verdict = rig.submit(3);
  EXPECT_EQ(rig.verdicts[verdict]->code, Code::kInvalidArgument);
  EXPECT_EQ(rig.sinks[0].seen().admitted.items, 0u);
}

TEST(IntakeTest, HeldItemsBalanceBeforeAndAfterTheyAreEmitted) {
  Rig rig({plain_options("a"), plain_options("b")});
  rig.pipeline->add_processor(std::make_unique<Holder>(rig.pipeline->next_outlet()), rig.long_work);
  rig.pipeline->add_processor(std::make_unique<Filter>(1), rig.long_work);
  rig.submit(3);
  rig.submit(2);
  rig.expect_balance();
  EXPECT_EQ(rig.held_items(), 10u);
  rig.pipeline->flush();
  rig.expect_balance();
  rig.run();
  for (auto& sink : rig.sinks) sink.exporter->answer(Kind::kDelivered);
  EXPECT_EQ(rig.sinks[1].exporter->delivered, (Batches{{2, 3, 5}}));
  EXPECT_EQ(rig.sinks[1].seen().filtered.items, 2u);
}

// Takes over all items; lets go of them when the test calls sample_out or filter.
class Sampler final : public Processor {
 public:
  explicit Sampler(Outlet& outlet) : outlet_(outlet) {}
  Result<ProcessorResult> process(Payload& payload, Work&) override {
    const uint32_t sampled_out = payload.item_count / 2;
    held += payload.item_count - sampled_out;
    const uint32_t taken = payload.item_count - sampled_out;
    payload.item_count = 0;
    return ProcessorResult{.sampled_out_count = sampled_out, .held_count = taken};
  }
  uint64_t held_count() const override { return held; }
  void sample_out(uint32_t count) {
    held -= count;
    outlet_.sample_out(count);
  }
  void filter(uint32_t count) {
    held -= count;
    outlet_.filter(count);
  }
  uint64_t held = 0;

 private:
  Outlet& outlet_;
};

TEST(IntakeTest, WhatIsSampledOutAtOnceAndLaterIsAccountedForWithItsBytes) {
  Rig rig({plain_options("a"), plain_options("b")});
  auto owned = std::make_unique<Sampler>(rig.pipeline->next_outlet());
  Sampler& sampler = *owned;
  rig.pipeline->add_processor(std::move(owned), rig.long_work);
  EXPECT_TRUE(rig.verdicts[rig.submit(4)]->ok());
  EXPECT_TRUE(rig.verdicts[rig.submit(1)]->ok());
  rig.expect_balance();
  EXPECT_EQ(rig.sinks[1].seen().sampled_out, (Amount{2, 16}));
  EXPECT_EQ(rig.held_items(), 6u) << "three for each destination";
  sampler.sample_out(1);
  rig.run();  // audits
  sampler.filter(2);
  rig.run();
  EXPECT_EQ(rig.held_items(), 0u);
  for (auto& sink : rig.sinks) {
    EXPECT_EQ(sink.seen().sampled_out, (Amount{3, 24}));
    EXPECT_EQ(sink.seen().filtered, (Amount{2, 16}));
  }
}

TEST(IntakeTest, WhatIsEmittedLateIsDroppedAndCountedWithoutRoom) {
  Rig rig({small("a", 1)});
  rig.pipeline->add_processor(std::make_unique<Holder>(rig.pipeline->next_outlet()), rig.long_work);
  rig.submit(1);
  rig.submit(1);
  rig.pipeline->flush();
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kQueueFull), (Amount{1, 8}));
}

TEST(IntakeTest, TwoPipelinesShareADestinationWithAccountsOfTheirOwn) {
  Rig rig;
  ledger::Account& account = rig.ledger.open(Signal::kTraces, "traces/2", "sink");
  PipelineWorker second(rig.loop, "traces/2", {{rig.sinks[0].worker.get(), &account}});
  second.add_processor(std::make_unique<Filter>(1), rig.long_work);
  PipelineIntake both(rig.loop, {rig.pipeline.get(), &second});
  int verdicts = 0;
  testing::submit_to(both, testing::payload_of({1, 2}), Policy::kDelivered, kNever,
                     [&](const Verdict& verdict) {
                       EXPECT_TRUE(verdict.ok());
                       ++verdicts;
                     });
  rig.run();
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_EQ(verdicts, 1);
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1, 2, 2}}));
  EXPECT_EQ(rig.sinks[0].seen().delivered, (Amount{2, 16}));
  EXPECT_EQ(account.snapshot().delivered, (Amount{1, 8}));
  EXPECT_EQ(account.snapshot().filtered, (Amount{1, 8}));
}

// Two pipelines into one queue that blocks and has room for one of the two copies: the rollback of
// the first copy woke the request itself, again and again, and the loop never slept.
TEST(IntakeTest, ARequestThatFitsOnlyInPartWaitsWithoutWakingItself) {
  DestinationOptions blocking = small("sink", 3);
  blocking.queue.on_full = OnFull::kBlock;
  Rig rig({blocking});
  ledger::Account& account = rig.ledger.open(Signal::kTraces, "traces/2", "sink");
  PipelineWorker second(rig.loop, "traces/2", {{rig.sinks[0].worker.get(), &account}});
  PipelineIntake both(rig.loop, {rig.pipeline.get(), &second});
  int verdicts = 0;
  const auto count = [&](const Verdict& verdict) {
    EXPECT_TRUE(verdict.ok());
    ++verdicts;
  };
  testing::submit_to(both, testing::payload_of({1}), Policy::kAccepted, kNever, count);
  testing::submit_to(both, testing::payload_of({2}), Policy::kAccepted, kNever, count);
  rig.run();
  EXPECT_EQ(verdicts, 1);
  EXPECT_EQ(account.snapshot().admitted.items, 1u);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_EQ(verdicts, 2);
  EXPECT_EQ(account.snapshot().admitted.items, 2u);
}

TEST(IntakeTest, WhatTwoPipelinesBringTogetherMustFitIntoTheQueue) {
  DestinationOptions blocking = small("sink", 1);
  blocking.queue.on_full = OnFull::kBlock;
  Rig rig({blocking});
  ledger::Account& account = rig.ledger.open(Signal::kTraces, "traces/2", "sink");
  PipelineWorker second(rig.loop, "traces/2", {{rig.sinks[0].worker.get(), &account}});
  PipelineIntake both(rig.loop, {rig.pipeline.get(), &second});
  std::optional<Verdict> told;
  testing::submit_to(both, testing::payload_of({1}), Policy::kAccepted, kNever,
                     [&](const Verdict& verdict) { told = verdict; });
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->code, Code::kInvalidArgument);
  EXPECT_FALSE(told->retry_after.has_value());
}

TEST(IntakeTest, VerdictThatIsKnownAtOnceIsReturnedAndTheCallbackIsUntouched) {
  Rig rig;
  int call_count = 0;
  VerdictCallback callback = [&](const Verdict&) { ++call_count; };
  const std::optional<Verdict> accepted =
      rig.intake->submit(testing::payload_of({1}), Policy::kAccepted, kNever, std::move(callback));
  ASSERT_TRUE(accepted);
  EXPECT_TRUE(accepted->ok());
  rig.intake->stop();
  const std::optional<Verdict> refused =
      rig.intake->submit(testing::payload_of({2}), Policy::kDelivered, kNever, std::move(callback));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, Code::kUnavailable);
  rig.run();
  EXPECT_EQ(call_count, 0);
  callback({});
  EXPECT_EQ(call_count, 1);
  rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
}

TEST(IntakeTest, RefusalOfASlowRequestIsReturnedAsWell) {
  DestinationOptions full = plain_options();
  full.queue.capacity = 1;
  Rig rig({full});
  int call_count = 0;
  VerdictCallback callback = [&](const Verdict&) { ++call_count; };
  EXPECT_FALSE(rig.intake->submit(testing::payload_of({1}), Policy::kDelivered, kNever,
                                  [&](const Verdict&) { ++call_count; }));
  const std::optional<Verdict> refused =
      rig.intake->submit(testing::payload_of({2}), Policy::kDelivered, kNever, std::move(callback));
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->retry_after);
  rig.run();
  rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
  rig.run();
  EXPECT_EQ(call_count, 1) << "of the request that was delivered";
}

}  // namespace
}  // namespace millrace::pipeline
