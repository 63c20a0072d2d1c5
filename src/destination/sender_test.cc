#include "destination/sender.h"

#include <gtest/gtest.h>

#include "destination/testing/requests.h"
#include "pipeline/testing/fake_exporter.h"
#include "pipeline/testing/manual_loop.h"

namespace millrace::pipeline {
namespace {

using Kind = Outcome::Kind;
using testing::FakeExporter;
using Items = std::vector<uint64_t>;

DestinationOptions with_breaker(uint32_t failures) {
  DestinationOptions options;
  options.retry.breaker_failures = failures;
  options.retry.max_elapsed_time = 60s;
  return options;
}

struct SenderTest : ::testing::Test {
  explicit SenderTest(DestinationOptions options = with_breaker(1))
      : destination(std::move(options)) {}
  ~SenderTest() override {
    sender.stop_listening();
    sender.close();
    sender.take_all([](Flight& flight) { testing::close_all(flight); }, [] {});
  }
  void start(uint64_t first, uint64_t last, Sender::Slot* where = nullptr) {
    auto flight = std::make_unique<Flight>();
    flight->append(testing::request_of(account, first, last));
    sender.start(where, std::move(flight));
  }
  void settle(Sender::Slot& used) {
    testing::close_all(*used.flight);
    sender.finish(used);
  }
  std::unique_ptr<Exporter> make_exporter() {
    auto made = std::make_unique<FakeExporter>(loop);
    exporter = made.get();
    return made;
  }
  uint64_t held_items() const {
    ledger::Held held;
    sender.count_held(held);
    return held.of(account).items;
  }

  testing::ManualLoop loop;
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  Destination destination;
  RetryPolicy policy{destination.options()};
  FakeExporter* exporter = nullptr;
  Sender::Slot* slot = nullptr;  // of the last event
  std::vector<Kind> answers;
  std::vector<bool> begins_outage;
  std::vector<ledger::DropReason> expired;
  Sender sender{destination,
                policy,
                loop,
                make_exporter(),
                nullptr,
                {.on_answer =
                     [this](Sender::Slot& of, Sender::Answer answer) {
                       slot = &of;
                       answers.push_back(answer.outcome.kind);
                       begins_outage.push_back(answer.begins_outage);
                     },
                 .on_expired =
                     [this](Sender::Slot& of, const RetryPolicy::Decision& decision) {
                       slot = &of;
                       expired.push_back(*decision.drop);
                     }}};
};

TEST_F(SenderTest, AnswerComesWithTheBatchStillInItsSlot) {
  start(1, 3);
  EXPECT_EQ(destination.numbers().in_flight, 1u);
  EXPECT_EQ(held_items(), 3u);
  exporter->answer(Kind::kDelivered);
  EXPECT_EQ(answers, std::vector{Kind::kDelivered});
  EXPECT_EQ(destination.numbers().in_flight, 0u);
  ASSERT_NE(slot->flight, nullptr);
  settle(*slot);
  EXPECT_EQ(held_items(), 0u);
}

TEST_F(SenderTest, FreeSlotIsUsedAgain) {
  start(1, 1);
  exporter->answer(Kind::kDelivered);
  Sender::Slot* const first = slot;
  settle(*slot);
  start(2, 2);
  exporter->answer(Kind::kDelivered);
  EXPECT_EQ(slot, first);
  settle(*slot);
}

TEST_F(SenderTest, RetryIsAnAttemptOfTheSameBatch) {
  start(1, 2);
  exporter->answer(Kind::kRetry);
  sender.retry_at(*slot, loop.now() + 5s, {});
  EXPECT_EQ(sender.waiting_slots().size(), 1u);
  loop.advance(4s);
  EXPECT_EQ(exporter->attempt_count, 1);
  loop.advance(1s);
  EXPECT_EQ(exporter->attempt_count, 2);
  exporter->answer(Kind::kDelivered);
  EXPECT_EQ(exporter->delivered, (std::vector<Items>{{1, 2}}));
  settle(*slot);
}

TEST_F(SenderTest, OnlyTheFirstFailureBeginsAnOutage) {
  start(1, 1);
  exporter->answer(Kind::kRetry);
  sender.retry_at(*slot, loop.now() + 1s, {});
  loop.advance(1s);
  exporter->answer(Kind::kRetry);
  EXPECT_EQ(begins_outage, (std::vector<bool>{true, false}));
}

TEST_F(SenderTest, PartsOfTheBatchFollowInOrder) {
  start(1, 2);
  exporter->answer(Kind::kTooLarge);
  std::vector<std::unique_ptr<Flight>> parts = slot->flight->cut(testing::cut_records, {1, 0});
  sender.follow_with(*slot, std::move(parts));
  sender.finish(*slot);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(sender.start_rest(*slot));
    exporter->answer(Kind::kDelivered);
    settle(*slot);
  }
  EXPECT_FALSE(sender.start_rest(*slot));
  EXPECT_EQ(exporter->delivered, (std::vector<Items>{{1}, {2}}));
}

TEST_F(SenderTest, OpenBreakerHoldsBatchesUntilAnAnswer) {
  start(1, 1);
  exporter->answer(Kind::kRetry);
  sender.report_failure(*slot, loop.now() + 5s);
  sender.retry_at(*slot, loop.now() + 5s, {});
  start(2, 2);
  EXPECT_EQ(exporter->attempt_count, 1) << "the second batch waits for the breaker";
  loop.advance(5s);
  EXPECT_EQ(exporter->attempt_count, 2) << "the probe";
  exporter->answer(Kind::kDelivered);
  settle(*slot);
  sender.wake_for_breaker();
  loop.run_until_idle();
  loop.advance(0s);
  EXPECT_EQ(exporter->attempt_count, 3);
}

TEST_F(SenderTest, BatchThatWaitsTooLongForTheBreakerExpires) {
  start(1, 1);
  exporter->answer(Kind::kRetry);
  sender.report_failure(*slot, loop.now() + 600s);
  sender.retry_at(*slot, loop.now() + 600s, {});
  start(2, 2);
  loop.advance(60s);
  EXPECT_EQ(expired, std::vector{ledger::DropReason::kRetryExpired});
}

TEST_F(SenderTest, CloseCancelsWhatIsUnderWay) {
  start(1, 1);
  sender.close();
  loop.run_until_idle();
  EXPECT_EQ(answers, std::vector{Kind::kCancelled});
  EXPECT_TRUE(sender.is_closed());
  settle(*slot);
}

TEST_F(SenderTest, TakeAllLeavesAttemptsThatStillEnd) {
  start(1, 1);
  start(2, 2);
  exporter->answer(Kind::kRetry);
  sender.retry_at(*slot, loop.now() + 5s, {});
  uint64_t taken = 0;
  int freed = 0;
  sender.take_all(
      [&](Flight& flight) {
        taken += flight.item_count;
        testing::close_all(flight);
      },
      [&] { ++freed; });
  EXPECT_EQ(taken, 1u);
  EXPECT_EQ(freed, 1);
  EXPECT_EQ(held_items(), 1u);
}

}  // namespace
}  // namespace millrace::pipeline
