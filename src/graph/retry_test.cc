// How a destination reacts to every way an attempt can end.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using ledger::Amount;
using ledger::DropReason;
using testing::items_of;
using testing::outcome_of;
using testing::plain_options;
using testing::Rig;
using Kind = Outcome::Kind;
using Batches = std::vector<std::vector<uint64_t>>;

TEST(RetryTest, BackOffGrowsToItsMaximum) {
  Rig rig;
  rig.submit(1);
  rig.run();
  for (const Duration wait : {5000ms, 7500ms, 11250ms, 16875ms, 25312ms, 30000ms, 30000ms}) {
    rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
    rig.loop.advance(wait - 1ms);
    EXPECT_EQ(rig.sinks[0].exporter->open.size(), 0u) << wait.count();
    rig.loop.advance(2ms);
    ASSERT_EQ(rig.sinks[0].exporter->open.size(), 1u) << wait.count();
  }
  EXPECT_EQ(rig.sinks[0].destination->numbers().retries, 7u);
}

// The lines of a logger that limits nothing by itself.
struct Lines {
  std::vector<std::string> all;
  Logger logger{{.sampling_enabled = false},
                [this](std::string_view line) { all.emplace_back(line); },
                [] { return int64_t{0}; }};
  size_t with(std::string_view text) const {
    return static_cast<size_t>(std::ranges::count_if(
        all, [&](const std::string& line) { return line.find(text) != std::string::npos; }));
  }
};

TEST(RetryTest, ADeadDestinationDoesNotFillTheLog) {
  Lines lines;
  Rig rig({plain_options("dead")}, {}, nullptr, &lines.logger);
  rig.submit(1);
  rig.run();
  for (const Duration wait : {5000ms, 7500ms, 11250ms}) {
    rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
    rig.loop.advance(wait + 1ms);
  }
  EXPECT_EQ(lines.with("Exporting failed. Will retry"), 2u);  // at 0 and at 12.5 s, not at 5 s
  rig.sinks[0].exporter->answer(outcome_of(Kind::kDelivered));
  EXPECT_EQ(lines.with("Exporting works again"), 1u);
}

TEST(RetryTest, WhatIsDroppedAtTheEndIsOneLine) {
  Lines lines;
  Rig rig({plain_options("dead")}, {}, nullptr, &lines.logger);
  for (int i = 0; i < 5; ++i) rig.submit(2);
  rig.run();
  rig.auditor.reset();
  rig.sinks[0].worker.reset();
  EXPECT_EQ(lines.with("Dropping queued data"), 1u);
  EXPECT_EQ(lines.with("dropped_items=10"), 1u);
  EXPECT_EQ(lines.all.size(), 1u);
}

TEST(RetryTest, TheDestinationsLongerWishIsObeyed) {
  Rig rig;
  rig.submit(1);
  rig.run();
  Outcome outcome = outcome_of(Kind::kRetry);
  outcome.retry_after = 20s;
  rig.sinks[0].exporter->answer(std::move(outcome));
  rig.loop.advance(19'999ms);
  EXPECT_EQ(rig.sinks[0].exporter->attempt_count, 1);
  rig.loop.advance(1ms);
  EXPECT_EQ(rig.sinks[0].exporter->attempt_count, 2);
}

TEST(RetryTest, JitterStaysWithinItsFactor) {
  for (int i = 0; i < 50; ++i) {
    DestinationOptions options = plain_options();
    options.retry.randomization_factor = 0.5;
    Rig rig({options});
    for (int n = 0; n < i; ++n) rig.loop.random().next();
    rig.submit(1);
    rig.run();
    rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
    rig.loop.advance(2499ms);
    EXPECT_EQ(rig.sinks[0].exporter->attempt_count, 1);
    rig.loop.advance(5002ms);
    EXPECT_EQ(rig.sinks[0].exporter->attempt_count, 2);
  }
}

TEST(RetryTest, ExpiryIsCountedAndTheSenderHearsOfIt) {
  DestinationOptions options = plain_options();
  options.retry.max_elapsed_time = 10s;
  Rig rig({options});
  const size_t verdict = rig.submit(4, Policy::kDelivered);
  rig.run();
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
  rig.loop.advance(5s);
  EXPECT_FALSE(rig.verdicts[verdict].has_value());
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
  rig.run();
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kRetryExpired), (Amount{4, 32}));
  EXPECT_EQ(rig.verdicts[verdict]->code, Code::kUnavailable);
  EXPECT_TRUE(rig.verdicts[verdict]->retry_after.has_value());
  EXPECT_EQ(rig.sinks[0].destination->numbers().failed_items, 4u);
}

TEST(RetryTest, SwitchedOffDropsAtTheFirstFailure) {
  DestinationOptions options = plain_options();
  options.retry.enabled = false;
  Rig rig({options});
  rig.submit(1);
  rig.run();
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kNotRetried), (Amount{1, 8}));
}

TEST(RetryTest, ARetryingBatchDoesNotBlockOtherPlaces) {
  Rig rig;
  rig.submit(1);
  rig.run();
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
  rig.submit(1);
  rig.run();
  ASSERT_EQ(rig.sinks[0].exporter->open.size(), 1u);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.loop.advance(5s);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{2}, {1}}));
}

TEST(RetryTest, OneConsumerKeepsOrderThroughRetriesAndCuts) {
  DestinationOptions options = plain_options();
  options.concurrency.max = 1;
  options.batch.items_max = 2;
  Rig rig({options});
  rig.submit(1);
  rig.run();
  for (int i = 0; i < 4; ++i) rig.submit(3);
  std::vector<uint64_t> order;
  for (int step = 0; step < 40; ++step) {
    rig.loop.advance(5s);
    auto& exporter = *rig.sinks[0].exporter;
    ASSERT_LE(exporter.open.size(), 1u);
    if (exporter.open.empty()) continue;
    exporter.answer(step % 3 == 0 ? outcome_of(Kind::kRetry) : Outcome{});
  }
  for (const auto& batch : rig.sinks[0].exporter->delivered) {
    order.insert(order.end(), batch.begin(), batch.end());
  }
  ASSERT_EQ(order.size(), 13u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(RetryTest, TooLargeIsCutAtRequestsThenInsideThem) {
  Rig rig;
  rig.submit(4);
  rig.submit(1);
  rig.run();
  auto& exporter = *rig.sinks[0].exporter;
  size_t biggest = 99;
  for (int i = 0; i < 20 && !exporter.open.empty(); ++i) {
    const size_t size = items_of(exporter.open.front().batch.bytes).size();
    exporter.answer(size > 1 ? outcome_of(Kind::kTooLarge) : Outcome{});
    biggest = std::min(biggest, size);
    rig.expect_balance();
    rig.run();
  }
  EXPECT_EQ(exporter.delivered, (Batches{{1}, {2}, {3}, {4}, {5}}));
  EXPECT_EQ(rig.sinks[0].seen().delivered, (Amount{5, 40}));
  EXPECT_TRUE(rig.sinks[0].destination->is_empty());
}

TEST(RetryTest, OneItemTooLargeIsDroppedAlone) {
  Rig rig;
  const size_t verdict = rig.submit(2, Policy::kDelivered);
  rig.run();
  auto& exporter = *rig.sinks[0].exporter;
  exporter.answer(outcome_of(Kind::kTooLarge));
  exporter.answer(outcome_of(Kind::kTooLarge));
  exporter.answer(Kind::kDelivered);
  rig.run();
  EXPECT_EQ(exporter.delivered, (Batches{{2}}));
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kTooLarge), (Amount{1, 8}));
  EXPECT_EQ(rig.verdicts[verdict]->code, Code::kInvalidArgument);
}

TEST(RetryTest, ThePeersSizeLimitIsLearned) {
  Rig rig;
  std::vector<uint64_t> items(8000);
  rig.submit(testing::payload_of(items));  // 64,000 bytes
  rig.run();
  auto& exporter = *rig.sinks[0].exporter;
  exporter.answer(outcome_of(Kind::kTooLarge));
  exporter.answer(Kind::kDelivered);
  exporter.answer(Kind::kDelivered);
  rig.submit(testing::payload_of(items));
  rig.run();
  ASSERT_EQ(exporter.open.size(), 1u);
  EXPECT_EQ(exporter.open.front().batch.bytes.size(), 32'000u) << "cut before it is refused again";
}

TEST(RetryTest, BadDataOfAJoinedBatchFailsAlone) {
  Rig rig;
  const size_t good = rig.submit(1, Policy::kDelivered);
  const size_t bad = rig.submit(2, Policy::kDelivered);
  const size_t last = rig.submit(1, Policy::kDelivered);
  rig.run();
  auto& exporter = *rig.sinks[0].exporter;
  exporter.answer(outcome_of(Kind::kBadData));
  while (!exporter.open.empty()) {
    const bool is_bad = items_of(exporter.open.front().batch.bytes).front() == 2;
    exporter.answer(is_bad ? outcome_of(Kind::kBadData, "no such unit") : Outcome{});
  }
  rig.run();
  EXPECT_EQ(exporter.delivered, (Batches{{1}, {4}}));
  EXPECT_TRUE(rig.verdicts[good]->ok());
  EXPECT_EQ(rig.verdicts[bad]->code, Code::kInvalidArgument);
  EXPECT_NE(rig.verdicts[bad]->message.find("no such unit"), std::string::npos);
  EXPECT_EQ(rig.verdicts[bad]->retry_after, std::nullopt);
  EXPECT_TRUE(rig.verdicts[last]->ok());
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kBadData), (Amount{2, 16}));
}

TEST(RetryTest, RefusedIsFinal) {
  Rig rig;
  const size_t verdict = rig.submit(3, Policy::kDelivered);
  rig.run();
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRefused, "who are you"));
  rig.run();
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kRefused), (Amount{3, 24}));
  EXPECT_EQ(rig.verdicts[verdict]->code, Code::kInternal);
  EXPECT_EQ(rig.verdicts[verdict]->retry_after, std::nullopt);
}

TEST(RetryTest, AFinalRefusalKeepsTheDestinationsCodeUnlessItSaysTryAgain) {
  constexpr Code kOwn[] = {Code::kUnknown,          Code::kInvalidArgument,
                           Code::kNotFound,         Code::kAlreadyExists,
                           Code::kPermissionDenied, Code::kResourceExhausted,
                           Code::kUnauthenticated,  Code::kFailedPrecondition,
                           Code::kUnimplemented,    Code::kInternal};
  constexpr Code kAgain[] = {Code::kOk,      Code::kCancelled,  Code::kDeadlineExceeded,
                             Code::kAborted, Code::kOutOfRange, Code::kUnavailable,
                             Code::kDataLoss};
  const auto heard = [](Code said) {
    Rig rig;
    const size_t verdict = rig.submit(1, Policy::kDelivered);
    rig.run();
    rig.sinks[0].exporter->answer({.kind = Kind::kRefused, .error = {said, "who are you"}});
    rig.run();
    EXPECT_EQ(rig.verdicts[verdict]->message, "sink refused: who are you");
    return rig.verdicts[verdict]->code;
  };
  for (const Code code : kOwn) EXPECT_EQ(heard(code), code) << code_name(code);
  for (const Code code : kAgain) EXPECT_EQ(heard(code), Code::kInternal) << code_name(code);
}

TEST(RetryTest, PartialSuccessOfOneRequestIsPassedBackExactly) {
  Rig rig;
  const size_t verdict = rig.submit(10, Policy::kDelivered);
  rig.run();
  Outcome outcome = outcome_of(Kind::kPartial, "three were odd");
  outcome.rejected_count = 3;
  rig.sinks[0].exporter->answer(std::move(outcome));
  rig.run();
  EXPECT_TRUE(rig.verdicts[verdict]->ok());
  EXPECT_EQ(rig.verdicts[verdict]->rejected_count, 3u);
  EXPECT_EQ(rig.verdicts[verdict]->partial_message, "three were odd");
  EXPECT_EQ(rig.sinks[0].seen().rejected_by_peer, (Amount{3, 24}));
  EXPECT_EQ(rig.sinks[0].seen().delivered, (Amount{7, 56}));
}

TEST(RetryTest, PartialSuccessOfAJoinedBatchIsAWarning) {
  Rig rig;
  const size_t one = rig.submit(3, Policy::kDelivered);
  const size_t other = rig.submit(4, Policy::kDelivered);
  rig.run();
  Outcome outcome = outcome_of(Kind::kPartial, "some were odd");
  outcome.rejected_count = 5;
  rig.sinks[0].exporter->answer(std::move(outcome));
  rig.run();
  for (const size_t verdict : {one, other}) {
    EXPECT_TRUE(rig.verdicts[verdict]->ok());
    EXPECT_EQ(rig.verdicts[verdict]->rejected_count, 0u);
    EXPECT_NE(rig.verdicts[verdict]->partial_message.find("some were odd"), std::string::npos);
  }
  EXPECT_EQ(rig.sinks[0].seen().rejected_by_peer.items, 5u);
  EXPECT_EQ(rig.sinks[0].seen().delivered.items, 2u);
}

TEST(RetryTest, APeerThatRejectsMoreThanItGotIsHeldToWhatItGot) {
  Rig rig;
  rig.submit(2);
  rig.run();
  Outcome outcome = outcome_of(Kind::kPartial);
  outcome.rejected_count = 99;
  rig.sinks[0].exporter->answer(std::move(outcome));
  EXPECT_EQ(rig.sinks[0].seen().rejected_by_peer, (Amount{2, 16}));
}

// Every way to end × policy × alone, joined or cut: one verdict each, and the books balance.
TEST(RetryTest, EveryOutcomeSettlesEverySenderOnce) {
  for (const Kind kind : {Kind::kDelivered, Kind::kPartial, Kind::kRetry, Kind::kTooLarge,
                          Kind::kRefused, Kind::kBadData, Kind::kCancelled}) {
    for (const Policy policy : {Policy::kAccepted, Policy::kDelivered}) {
      for (const uint32_t items_max : {0u, 2u, 100u}) {
        DestinationOptions options = plain_options();
        options.batch.items_max = items_max;
        options.retry.max_elapsed_time = 8s;
        Rig rig({options}, [kind](const Batch&) {
          Outcome outcome = outcome_of(kind);
          if (kind == Kind::kPartial) outcome.rejected_count = 1;
          return outcome;
        });
        rig.submit(5, policy);
        rig.submit(1, policy);
        rig.loop.advance(60s);
        for (const auto& verdict : rig.verdicts) EXPECT_TRUE(verdict.has_value());
        EXPECT_TRUE(rig.sinks[0].destination->is_empty()) << static_cast<int>(kind);
        EXPECT_EQ(rig.held_items(), 0u);
      }
    }
  }
}

}  // namespace
}  // namespace millrace::pipeline
