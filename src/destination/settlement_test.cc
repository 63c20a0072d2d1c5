#include "destination/settlement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "destination/testing/requests.h"
#include "pipeline/completion.h"
#include "pipeline/testing/manual_loop.h"

namespace millrace::pipeline {
namespace {

using ledger::Amount;
using ledger::DropReason;
using ::testing::HasSubstr;
using testing::items_of;

class KeepingSome final : public DeadLetters {
 public:
  bool keep(const DeadLetter& letter) override {
    if (keeps) kept.push_back(letter.item_count);
    return keeps;
  }
  bool keeps = true;
  std::vector<uint64_t> kept;
};

DestinationOptions named_sink() {
  DestinationOptions options;
  options.name = "sink";
  return options;
}

struct SettlementTest : ::testing::Test {
  ~SettlementTest() override {
    EXPECT_TRUE(destination.is_empty());
    for (const ledger::Imbalance& wrong : ledger.check({})) ADD_FAILURE() << wrong.to_text();
  }
  // A request of so many items that was admitted and taken from the queue.
  PendingRequest taken(uint64_t count, VerdictCallback on_verdict = {}) {
    EXPECT_TRUE(destination.queue().try_reserve({1, 1}));
    settlement.book().admit(account, {count, count * 8});
    PendingRequest request = testing::request_of(account, 1, count);
    (void)request.owed.close();
    std::shared_ptr<Completion> completion;
    if (on_verdict) completion = std::make_shared<Completion>(loop, 1, std::move(on_verdict));
    request.owed = Obligation({.account = &account,
                               .item_count = static_cast<uint32_t>(count),
                               .admitted_bytes = static_cast<uint32_t>(count * 8),
                               .cost = 1,
                               .completion = std::move(completion)});
    return request;
  }
  Amount dropped(DropReason reason) const {
    return account.snapshot().dropped[static_cast<size_t>(reason)];
  }

  testing::ManualLoop loop;
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  Destination destination{named_sink()};
  std::string lines;
  Logger log{{.sampling_enabled = false},
             [this](std::string_view line) { lines += line; },
             [] { return int64_t{0}; }};
  KeepingSome dead_letters;
  Settlement settlement{destination, loop, &log, &dead_letters};
  Flight flight;
};

TEST_F(SettlementTest, DeliveredItemsAreBookedAndTheSenderHears) {
  std::optional<Verdict> heard;
  flight.append(taken(3, [&](const Verdict& verdict) { heard = verdict; }));
  settlement.deliver(flight, {.kind = Outcome::Kind::kDelivered});
  EXPECT_EQ(account.snapshot().delivered, (Amount{3, 24}));
  EXPECT_EQ(destination.numbers().sent_items, 3u);
  EXPECT_FALSE(heard) << "never from inside";
  loop.run_until_idle();
  ASSERT_TRUE(heard);
  EXPECT_TRUE(heard->ok());
}

TEST_F(SettlementTest, PartialSuccessOfOneRequestIsPassedBackExactly) {
  std::optional<Verdict> heard;
  flight.append(taken(5, [&](const Verdict& verdict) { heard = verdict; }));
  settlement.deliver(
      flight,
      {.kind = Outcome::Kind::kPartial, .rejected_count = 2, .error = {Code::kOk, "two are bad"}});
  loop.run_until_idle();
  EXPECT_EQ(heard->rejected_count, 2u);
  EXPECT_EQ(heard->partial_message, "two are bad");
  EXPECT_EQ(account.snapshot().rejected_by_peer, (Amount{2, 16}));
  EXPECT_EQ(account.snapshot().delivered, (Amount{3, 24}));
}

TEST_F(SettlementTest, PartialSuccessOfAJoinedBatchIsAWarning) {
  std::optional<Verdict> heard;
  flight.append(taken(5, [&](const Verdict& verdict) { heard = verdict; }));
  flight.append(taken(3));
  settlement.deliver(flight, {.kind = Outcome::Kind::kPartial, .rejected_count = 4});
  loop.run_until_idle();
  EXPECT_EQ(heard->rejected_count, 0u);
  EXPECT_THAT(heard->partial_message, HasSubstr("sink rejected 4 items of a batch joined"));
  EXPECT_EQ(account.snapshot().rejected_by_peer.items, 4u) << "no item is counted twice or lost";
  EXPECT_EQ(account.snapshot().delivered.items, 4u);
}

TEST_F(SettlementTest, LineOfADropNamesItemsTotalAndDeadLetter) {
  flight.append(taken(3));
  settlement.drop(flight, DropReason::kRefused, {.code = Code::kInternal, .message = "no"});
  EXPECT_THAT(lines,
              HasSubstr("Exporting failed. Dropping data. exporter=sink signal=traces error=no "
                        "reason=refused dropped_items=3 dropped_items_total=3 dead_letter=yes"));
  EXPECT_EQ(dead_letters.kept, (std::vector<uint64_t>{3}));
  dead_letters.keeps = false;
  Flight second;
  second.append(taken(4));
  settlement.drop(second, DropReason::kRefused, {.code = Code::kInternal, .message = "no"});
  EXPECT_THAT(lines, HasSubstr("dropped_items=4 dropped_items_total=7 dead_letter=no"));
  EXPECT_EQ(dropped(DropReason::kRefused), (Amount{7, 56}));
}

TEST_F(SettlementTest, HandedBackItemsAreNeitherLoggedNorKept) {
  flight.append(taken(3));
  settlement.drop(flight, DropReason::kHandedBack, {.code = Code::kUnavailable});
  EXPECT_EQ(lines, "");
  EXPECT_TRUE(dead_letters.kept.empty());
  EXPECT_EQ(dropped(DropReason::kHandedBack), (Amount{3, 24}));
}

TEST_F(SettlementTest, SummaryIsOneLineForAllDrops) {
  settlement.begin_summary();
  flight.append(taken(3));
  settlement.drop(flight, DropReason::kShutdown, {.code = Code::kUnavailable});
  settlement.drop(taken(4), DropReason::kShutdown, {.code = Code::kUnavailable});
  EXPECT_EQ(lines, "");
  settlement.end_summary(DropReason::kShutdown);
  EXPECT_THAT(lines, HasSubstr("Dropping queued data. exporter=sink signal=traces "
                               "reason=shutdown dropped_items=7"));
}

TEST_F(SettlementTest, RequestThatWasNotTriedLeavesNoDeadLetter) {
  std::optional<Verdict> heard;
  settlement.drop(taken(2, [&](const Verdict& verdict) { heard = verdict; }),
                  DropReason::kAgeExpired, {.code = Code::kUnavailable, .message = "too old"});
  loop.run_until_idle();
  EXPECT_EQ(heard->message, "too old");
  EXPECT_TRUE(dead_letters.kept.empty());
  EXPECT_EQ(dropped(DropReason::kAgeExpired), (Amount{2, 16}));
}

}  // namespace
}  // namespace millrace::pipeline
