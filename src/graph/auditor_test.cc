#include "graph/auditor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using testing::FakeExporter;
using testing::ManualLoop;
using testing::Rig;

// Says nothing about the items that it loses (or invents, where the number is negative).
class Liar final : public Processor {
 public:
  explicit Liar(std::atomic<int>& lies) : lies_(lies) {}
  Result<ProcessorResult> process(Payload& payload, Work&) override {
    payload.item_count -= static_cast<uint32_t>(lies_.exchange(0));
    return ProcessorResult{};
  }

 private:
  std::atomic<int>& lies_;  // the test sets it, the next request meets it; orders nothing
};

struct AuditorTest : ::testing::Test {
  // A round; what it found, in words.
  std::vector<std::string> audit() {
    rig.auditor->start_round();
    rig.loop.run_until_idle();
    std::vector<std::string> texts;
    for (const ledger::Finding& finding : rig.auditor->findings()) {
      texts.push_back(finding.to_text());
    }
    return texts;
  }
  void expect_findings() {
    Auditor::Parts parts;
    parts.loops = {{&rig.loop, {rig.sinks[0].worker.get()}, {rig.pipeline.get()}}};
    parts.destinations = {rig.sinks[0].destination.get()};
    parts.ledger = &rig.ledger;
    parts.log = &log;
    parts.on_finding = [this](const ledger::Finding&) { ++told; };
    rig.auditor = std::make_unique<Auditor>(std::move(parts));
    rig.pipeline->add_processor(std::make_unique<Liar>(lies), rig.long_work);
  }
  void finish() {
    while (!rig.sinks[0].exporter->open.empty()) {
      rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
      rig.run();
    }
  }

  std::string lines;
  Logger log{{}, [this](std::string_view line) { lines += line; }, [] { return int64_t{0}; }};
  Rig rig;
  std::atomic<int> lies{0};
  int told = 0;
};

TEST_F(AuditorTest, CountsWhatIsInFlightAndInTheQueue) {
  for (int i = 0; i < 5; ++i) rig.submit(3);
  rig.loop.run_until_idle();
  EXPECT_TRUE(audit().empty());
  EXPECT_EQ(rig.auditor->round_count(), 1u);
  EXPECT_EQ(rig.auditor->recent_held().total().items, 3u * 5);  // joined and in flight
  finish();
  EXPECT_TRUE(audit().empty());
  EXPECT_EQ(rig.auditor->recent_held().total().items, 0u);
}

TEST_F(AuditorTest, AnItemThatAProcessorLosesIsToldOnce) {
  expect_findings();
  rig.submit(3);
  EXPECT_TRUE(audit().empty());
  lies = 1;
  rig.submit(3);
  const std::vector<std::string> lost = {
      "traces traces -> sink: 1 items and 0 bytes unaccounted for (workers)"};
  EXPECT_EQ(audit(), lost);
  EXPECT_EQ(audit(), lost);
  EXPECT_EQ(told, 1);
  EXPECT_NE(lines.find("bug: the ledger does not balance"), std::string::npos);
  finish();
  EXPECT_EQ(audit(), lost);
  lies = -1;  // the two lies cancel out: the test's own end is a balanced ledger
  rig.submit(3);
  EXPECT_TRUE(audit().empty());
  EXPECT_EQ(told, 2);
  finish();
}

TEST(AuditorQueueTest, ALongQueueIsWalkedInPieces) {
  DestinationOptions options = testing::plain_options();
  options.queue.capacity = 20'000;
  options.batch.mode = BatchMode::kNone;
  options.concurrency.max = 1;
  Rig rig({options});
  for (int i = 0; i < 20'000; ++i) rig.submit(1);
  rig.loop.run_until_idle();
  rig.auditor->start_round();
  int turns = 0;
  while (rig.loop.turn()) ++turns;
  EXPECT_GE(turns, 20'000 / 4096);
  EXPECT_EQ(rig.auditor->round_count(), 1u);
  while (!rig.sinks[0].exporter->open.empty()) {
    rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
    rig.loop.turn();
  }
}

TEST(AuditorQueueTest, ARoundUnderWayIsNotBegunAgain) {
  Rig rig;
  rig.auditor->start_round();
  rig.auditor->start_round();
  rig.loop.run_until_idle();
  EXPECT_EQ(rig.auditor->round_count(), 1u);
}

// Takes over one part of each request, from its front, until told to let go. Items are of eight
// bytes.
class Keeper final : public Processor {
 public:
  // Of `parts` parts it takes one.
  Keeper(Outlet& outlet, uint32_t parts) : outlet_(outlet), parts_(parts) {}
  Result<ProcessorResult> process(Payload& payload, Work&) override {
    const uint32_t count = payload.item_count / parts_;
    const size_t bytes = size_t{count} * 8;
    Payload kept = payload;
    kept.item_count = count;
    kept.bytes = payload.bytes.slice(0, bytes);
    payload.bytes = payload.bytes.slice(bytes, payload.bytes.size() - bytes);
    payload.item_count -= count;
    kept_.push_back(std::move(kept));
    return ProcessorResult{.held_count = count};
  }
  uint64_t held_count() const override {
    uint64_t count = 0;
    for (const Payload& payload : kept_) count += payload.item_count;
    return count;
  }
  void flush() override {
    for (Payload& payload : std::exchange(kept_, {}))
      static_cast<void>(outlet_.emit(std::move(payload)));
  }

 private:
  Outlet& outlet_;
  const uint32_t parts_;
  std::vector<Payload> kept_;
};

class Refuser final : public Processor {
 public:
  Result<ProcessorResult> process(Payload& payload, Work&) override {
    if (payload.item_count != 0 && refuses) return fail(Code::kInvalidArgument, "no");
    return ProcessorResult{};
  }
  bool refuses = false;
};

TEST(AuditorQueueTest, WhatAProcessorHoldsIsItsWorkers) {
  Rig rig;
  rig.pipeline->add_processor(std::make_unique<Keeper>(rig.pipeline->next_outlet(), 1),
                              rig.long_work);
  rig.submit(5);
  rig.run();
  EXPECT_EQ(rig.auditor->recent_held().total().items, 5u);
  rig.pipeline->flush();
  rig.run();
  EXPECT_EQ(rig.sinks[0].exporter->open.size(), 1u);
  rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
  rig.run();
}

// Half of each request is taken over by the first; then the second refuses the rest.
TEST(AuditorQueueTest, WhatWasHeldBeforeALaterProcessorRefusedIsAccountedFor) {
  Rig rig;
  rig.pipeline->add_processor(std::make_unique<Keeper>(rig.pipeline->next_outlet(), 2),
                              rig.long_work);
  auto refuser = std::make_unique<Refuser>();
  Refuser& refusing = *refuser;
  rig.pipeline->add_processor(std::move(refuser), rig.long_work);
  refusing.refuses = true;
  const size_t refused = rig.submit(4);
  rig.run();
  ASSERT_TRUE(rig.verdicts[refused].has_value());
  EXPECT_EQ(rig.verdicts[refused]->code, Code::kInvalidArgument);
  refusing.refuses = false;
  rig.pipeline->flush();
  rig.run();
  rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
  rig.run();
  EXPECT_EQ(rig.sinks[0].seen().admitted.items, 2u);
  EXPECT_EQ(rig.sinks[0].seen().delivered.items, 2u);
}

TEST(AuditorQueueTest, WhatIsHeldOfARequestThatWaitsInLineHasNotEntered) {
  DestinationOptions options = testing::plain_options();
  options.queue = {.capacity = 1, .on_full = OnFull::kBlock};
  Rig rig({options});
  rig.pipeline->add_processor(std::make_unique<Keeper>(rig.pipeline->next_outlet(), 2),
                              rig.long_work);
  rig.submit(2);
  rig.run();
  rig.submit(2);
  rig.run();  // audits while it waits
  rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
  rig.run();
  rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
  rig.run();
  EXPECT_EQ(rig.auditor->recent_held().total().items, 2u);
  EXPECT_EQ(rig.sinks[0].seen().admitted.items, 4u);
}

TEST(AuditorQueueTest, WhatIsHeldOfARequestThatWaitsInLineMayLeaveBeforeItEnters) {
  for (const bool is_answered_first : {false, true}) {
    DestinationOptions options = testing::plain_options();
    options.queue = {.capacity = 1, .on_full = OnFull::kBlock};
    Rig rig({options});
    rig.pipeline->add_processor(std::make_unique<Keeper>(rig.pipeline->next_outlet(), 2),
                                rig.long_work);
    rig.submit(2);
    rig.run();
    rig.submit(2);
    rig.run();
    rig.pipeline->flush();
    EXPECT_EQ(rig.held_items(), 1u) << "in flight";
    rig.run();
    rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
    if (is_answered_first) rig.pipeline->flush();
    rig.run();
    rig.sinks[0].exporter->answer(Outcome::Kind::kDelivered);
    rig.run();
    EXPECT_EQ(rig.sinks[0].seen().admitted.items, 4u);
    EXPECT_EQ(rig.sinks[0].seen().delivered.items, 2u);
    EXPECT_EQ(rig.sinks[0].dropped(ledger::DropReason::kQueueFull).items, 2u);
    EXPECT_EQ(rig.held_items(), 0u);
    ledger::Held held;
    rig.count_held(held);
    EXPECT_EQ(held.total().bytes, 0u);
  }
}

// Two real threads with all that may move between them, audited without a pause; then one item is
// lost, or invented, in the middle of it.
class AuditorThreadsTest : public ::testing::TestWithParam<int> {};

struct Thread {
  ManualLoop loop;
  Budget work_budget{64 << 20};
  ChunkPool work_pool{work_budget, 0};
  io::LongWork long_work{loop, work_pool};
  std::unique_ptr<DestinationWorker> destination;
  std::unique_ptr<PipelineWorker> pipeline;
  std::unique_ptr<Intake> intake;
  std::thread thread;
};

void make(Thread& one, Destination& destination, ledger::Account& account, std::atomic<int>& lies) {
  auto exporter = std::make_unique<FakeExporter>(
      one.loop, [count = 0](const Batch&) mutable -> std::optional<Outcome> {
        Outcome outcome;
        if (++count % 20 == 0) outcome = testing::outcome_of(Outcome::Kind::kTooLarge);
        return outcome;
      });
  one.destination = std::make_unique<DestinationWorker>(
      destination, one.loop,
      DestinationWorker::Parts{.exporter = std::move(exporter), .cutter = testing::cut_records});
  one.pipeline = std::make_unique<PipelineWorker>(
      one.loop, "traces", std::vector<PipelineWorker::Output>{{one.destination.get(), &account}});
  one.pipeline->add_processor(std::make_unique<Liar>(lies), one.long_work);
  one.intake = std::make_unique<PipelineIntake>(one.loop, std::vector{one.pipeline.get()});
}

TEST_P(AuditorThreadsTest, NoFalseAlarmAndOneItemIsFoundInTwoRoundsUnderLoad) {
  constexpr uint64_t kRounds = 300;
  DestinationOptions options = testing::plain_options();
  options.queue = {.capacity = 64, .on_full = OnFull::kDropOldest};
  options.concurrency.max = 2;
  options.batch.items_max = 7;
  options.batch.flush_timeout = 1h;
  Destination destination(options);
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  std::atomic<int> lies{0};
  std::atomic<bool> stop{false};
  Thread threads[2];
  Auditor::Parts parts;
  for (Thread& one : threads) {
    make(one, destination, account, lies);
    parts.loops.push_back({&one.loop, {one.destination.get()}, {one.pipeline.get()}});
  }
  parts.destinations = {&destination};
  parts.ledger = &ledger;
  parts.on_finding = [](const ledger::Finding&) {};
  Auditor auditor(std::move(parts));
  for (Thread& one : threads) {
    one.thread = std::thread([&] {
      uint64_t item = 0;
      while (!stop.load()) {
        for (int burst = 0; burst < 5; ++burst, item += 2) {
          testing::submit_to(*one.intake, testing::payload_of({item, item + 1}), Policy::kAccepted,
                             kNever, [](const Verdict&) {});
        }
        if (&one == &threads[0]) auditor.start_round();
        one.loop.turn();
        std::this_thread::yield();
      }
    });
  }
  // Not by wall-clock time: rounds go on as long as the threads do.
  while (auditor.round_count() < kRounds) std::this_thread::yield();
  EXPECT_TRUE(auditor.findings().empty()) << auditor.findings().front().to_text();
  EXPECT_GT(account.snapshot().delivered.items, 0u);
  lies.store(GetParam());
  while (lies.load() != 0) std::this_thread::yield();
  // The round under way may have asked that worker already; the next has not.
  const uint64_t told_by = auditor.round_count() + 2;
  while (auditor.round_count() < told_by) std::this_thread::yield();
  const std::vector<ledger::Finding> found = auditor.findings();
  stop.store(true);
  for (Thread& one : threads) one.thread.join();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].items, GetParam());
  EXPECT_EQ(found[0].place, ledger::Place::kWorkers);
  for (Thread& one : threads) one.loop.run_until_idle();
}
INSTANTIATE_TEST_SUITE_P(All, AuditorThreadsTest, ::testing::Values(1, -1),
                         [](const auto& one) { return one.param > 0 ? "Lost" : "Invented"; });

}  // namespace
}  // namespace millrace::pipeline
