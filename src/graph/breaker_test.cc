#include "destination/breaker.h"

#include <gtest/gtest.h>

#include <vector>

#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using testing::outcome_of;
using testing::plain_options;
using testing::Rig;
using Kind = Outcome::Kind;

// One request a batch and four places, so that four attempts fail at once.
DestinationOptions four_places(uint32_t failures) {
  DestinationOptions options = plain_options();
  options.batch.mode = BatchMode::kNone;
  options.concurrency.max = 4;
  options.retry.breaker_failures = failures;
  return options;
}

TEST(DestinationBreakerTest, DeadDestinationIsProbedByOneBatchAndNotByAll) {
  bool is_dead = true;
  int attempts = 0;
  Rig rig({four_places(4)}, [&](const Batch&) -> std::optional<Outcome> {
    ++attempts;
    return is_dead ? outcome_of(Kind::kRetry) : Outcome{};
  });
  for (int i = 0; i < 20; ++i) rig.submit(1);
  rig.run();
  EXPECT_EQ(attempts, 4) << "every place tries once";
  EXPECT_TRUE(rig.sinks[0].destination->numbers().breaker_open);
  // Back-off 5, 7.5, 11.25 … : in a minute one batch alone makes four or five attempts more, where
  // four places would make some twenty.
  for (int i = 0; i < 600; ++i) rig.loop.advance(100ms);
  EXPECT_GE(attempts, 4 + 4);
  EXPECT_LE(attempts, 4 + 12);
  is_dead = false;
  for (int i = 0; i < 310; ++i) rig.loop.advance(100ms);
  EXPECT_FALSE(rig.sinks[0].destination->numbers().breaker_open);
  EXPECT_EQ(rig.sinks[0].seen().delivered.items, 20u) << "nothing is lost, and nobody waits on";
}

TEST(DestinationBreakerTest, FirstAnswerLetsEverybodyGoAtOnce) {
  Rig rig({four_places(4)});
  for (int i = 0; i < 8; ++i) rig.submit(1);
  rig.run();
  auto& exporter = *rig.sinks[0].exporter;
  for (int i = 0; i < 4; ++i) exporter.answer(outcome_of(Kind::kRetry));
  rig.loop.advance(5001ms);
  ASSERT_EQ(exporter.open.size(), 1u) << "the probe";
  exporter.answer(Kind::kDelivered);
  rig.run();
  EXPECT_EQ(exporter.open.size(), 4u) << "the three that waited, and the next";
  while (!exporter.open.empty()) {
    exporter.answer(Kind::kDelivered);
    rig.run();
  }
  EXPECT_EQ(rig.sinks[0].seen().delivered.items, 8u);
}

TEST(DestinationBreakerTest, WhoWaitsStillExpires) {
  DestinationOptions options = four_places(1);
  options.retry.max_elapsed_time = 8s;
  Rig rig({options}, [](const Batch&) { return outcome_of(Kind::kRetry); });
  for (int i = 0; i < 4; ++i) rig.submit(1);
  rig.run();
  for (int i = 0; i < 300; ++i) rig.loop.advance(100ms);
  EXPECT_EQ(rig.sinks[0].dropped(ledger::DropReason::kRetryExpired).items, 4u);
  EXPECT_EQ(rig.held_items(), 0u);
}

TEST(DestinationBreakerTest, RefusalOfTheDataShowsThatItLives) {
  Rig rig({four_places(4)});
  for (int i = 0; i < 5; ++i) rig.submit(1);
  rig.run();
  auto& exporter = *rig.sinks[0].exporter;
  for (int i = 0; i < 3; ++i) exporter.answer(outcome_of(Kind::kRetry));
  exporter.answer(outcome_of(Kind::kRefused));
  rig.run();
  EXPECT_FALSE(rig.sinks[0].destination->numbers().breaker_open);
  ASSERT_EQ(exporter.open.size(), 1u);
  exporter.answer(outcome_of(Kind::kRetry));
  EXPECT_FALSE(rig.sinks[0].destination->numbers().breaker_open) << "the first of a new row";
}

TEST(DestinationBreakerTest, HandedBackAtOnceWhereSomebodyElseTakesOver) {
  DestinationOptions options = four_places(2);
  options.hands_back = true;
  Rig rig({options});
  for (int i = 0; i < 10; ++i) rig.submit(1, Policy::kDelivered);
  rig.run();
  auto& exporter = *rig.sinks[0].exporter;
  while (!exporter.open.empty()) {
    exporter.answer(outcome_of(Kind::kRetry));
    rig.run();
  }
  for (int i = 0; i < 20; ++i) rig.loop.advance(1ms);
  EXPECT_EQ(exporter.attempt_count, 4) << "what had not been tried is not tried";
  for (const auto& verdict : rig.verdicts) {
    ASSERT_TRUE(verdict) << "also the first, which was to be tried again when the breaker opened";
    EXPECT_EQ(verdict->code, Code::kUnavailable);
  }
  EXPECT_EQ(rig.sinks[0].dropped(ledger::DropReason::kHandedBack).items, 10u);
  rig.loop.advance(6s);
  rig.submit(1);
  rig.run();
  ASSERT_EQ(exporter.open.size(), 1u) << "it probes";
  exporter.answer(Kind::kDelivered);
  rig.run();
}

}  // namespace
}  // namespace millrace::pipeline
