#include "ledger/ledger.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "ledger/book.h"

namespace millrace::ledger {
namespace {

TEST(LedgerTest, TheSameNamesGiveTheSameAccount) {
  Ledger ledger;
  Account& account = ledger.open(Signal::kTraces, "traces", "otlp");
  EXPECT_EQ(&account, &ledger.open(Signal::kTraces, "traces", "otlp"));
  EXPECT_NE(&account, &ledger.open(Signal::kTraces, "traces/2", "otlp"));
  EXPECT_NE(&account, &ledger.open(Signal::kLogs, "traces", "otlp"));
  EXPECT_EQ(ledger.accounts().size(), 3u);
}

TEST(LedgerTest, BalancesWhenEverythingIsAccountedFor) {
  Ledger ledger;
  Account& account = ledger.open(Signal::kTraces, "traces", "otlp");
  Book book;
  book.admit(account, {100, 1000});
  StockBook(account).recover({1, 10});
  book.deliver(account, {50, 500});
  book.filter(account, {5, 50});
  book.sample_out(account, {5, 50});
  book.reject_by_peer(account, {1, 10});
  book.drop(account, DropReason::kRetryExpired, {20, 200});
  Held held;
  held.add(account, {15, 150});
  held.add(account, {5, 50});
  EXPECT_TRUE(ledger.check(held).empty());
}

TEST(LedgerTest, NamesTheAccountThatLostItems) {
  Ledger ledger;
  Book book;
  book.admit(ledger.open(Signal::kTraces, "traces", "fine"), {0, 0});
  Account& account = ledger.open(Signal::kLogs, "logs", "otlp");
  book.admit(account, {10, 100});
  book.deliver(account, {7, 70});
  const std::vector<Imbalance> wrong = ledger.check({});
  ASSERT_EQ(wrong.size(), 1u);
  EXPECT_EQ(wrong[0].items, 3);
  EXPECT_EQ(wrong[0].to_text(), "logs logs -> otlp: 3 items and 30 bytes unaccounted for");
}

TEST(LedgerTest, AnItemThatLeftTwiceIsNegative) {
  Ledger ledger;
  Account& account = ledger.open(Signal::kLogs, "logs", "otlp");
  Book book;
  book.admit(account, {1, 10});
  book.deliver(account, {1, 10});
  book.drop(account, DropReason::kRefused, {1, 10});
  ASSERT_EQ(ledger.check({}).size(), 1u);
  EXPECT_EQ(ledger.check({})[0].items, -1);
}

TEST(LedgerTest, LastLineNamesReasonsAndBalance) {
  Ledger ledger;
  Account& account = ledger.open(Signal::kTraces, "traces", "otlp");
  Book book;
  book.admit(account, {12, 120});
  book.deliver(account, {9, 90});
  book.drop(account, DropReason::kDrainDeadline, {2, 20});
  book.drop(account, DropReason::kQueueFull, {1, 10});
  ledger.open_receiver(Signal::kTraces, "otlp").refuse(4);
  EXPECT_EQ(ledger.to_line({}),
            "ledger: admitted=12 delivered=9 filtered=0 sampled_out=0 rejected_by_peer=0 dropped=3 "
            "(queue_full=1 drain_deadline=2) held=0 refused=4 balance=ok");
  book.admit(account, {1, 1});
  EXPECT_NE(ledger.to_line({}).find("balance=broken [traces traces -> otlp: 1 items"),
            std::string::npos);
}

TEST(LedgerTest, ReceiversAreToldApartBySignalAndName) {
  Ledger ledger;
  Refusals& traces = ledger.open_receiver(Signal::kTraces, "otlp");
  Refusals& logs = ledger.open_receiver(Signal::kLogs, "otlp");
  Refusals& other = ledger.open_receiver(Signal::kTraces, "otlp/2");
  EXPECT_NE(&traces, &logs);
  EXPECT_NE(&traces, &other);
  EXPECT_EQ(&ledger.open_receiver(Signal::kTraces, "otlp"), &traces);
  EXPECT_EQ(&ledger.open_receiver(Signal::kLogs, "otlp"), &logs);
  EXPECT_EQ(&ledger.open_receiver(Signal::kTraces, "otlp/2"), &other);
  EXPECT_EQ(ledger.receivers().size(), 3U);
}

TEST(LedgerTest, AccountsAreToldApartBySignalPipelineAndDestination) {
  Ledger ledger;
  Account& account = ledger.open(Signal::kTraces, "traces", "otlp");
  EXPECT_NE(&ledger.open(Signal::kLogs, "traces", "otlp"), &account);
  EXPECT_NE(&ledger.open(Signal::kTraces, "traces/2", "otlp"), &account);
  EXPECT_NE(&ledger.open(Signal::kTraces, "traces", "otlp/2"), &account);
  EXPECT_EQ(&ledger.open(Signal::kTraces, "traces", "otlp"), &account);
  EXPECT_EQ(ledger.accounts().size(), 4U);
}

TEST(LedgerTest, EveryReasonHasItsOwnName) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kDropReasonCount; ++i) {
    names.insert(drop_reason_name(static_cast<DropReason>(i)));
  }
  EXPECT_EQ(names.size(), kDropReasonCount);
  EXPECT_EQ(drop_reason_name(DropReason::kShutdown), "shutdown");
  EXPECT_EQ(drop_reason_name(DropReason::kHandedBack), "handed_back");
}

TEST(LedgerTest, ThreadsAddWithoutLosing) {
  Ledger ledger;
  Account& account = ledger.open(Signal::kTraces, "traces", "otlp");
  const auto work = [&] {
    Book book;
    for (int i = 0; i < 10'000; ++i) {
      book.admit(account, {2, 20});
      book.deliver(account, {1, 10});
      book.drop(account, DropReason::kRefused, {1, 10});
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(account.snapshot().admitted, (Amount{40'000, 400'000}));
  EXPECT_TRUE(ledger.check({}).empty());
}

TEST(LedgerDeathTest, AHolderOfLessThanNothingStops) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Ledger ledger;
  const Account& account = ledger.open(Signal::kTraces, "traces", "otlp");
  Held held;
  held.add(account, {1, 10});
  EXPECT_DEATH(held.add(account, Amount{0, 0} - Amount{1, 10}), "held");
}

TEST(LedgerDeathTest, AnElementOfAnUnknownGenerationStops) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Ledger ledger;
  Account& account = ledger.open(Signal::kTraces, "traces", "otlp");
  Book book;
  EXPECT_DEATH(book.take(account, {1, 1}, 2), "generation");
}

}  // namespace
}  // namespace millrace::ledger
