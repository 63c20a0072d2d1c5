#include "recent/store.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::recent {
namespace {

Arrival arrival(std::string_view text, MonotonicTime now = {}) {
  return {.signal = Signal::kLogs,
          .item_count = 1,
          .pipeline = 0,
          .received_at = WallTime(5s),
          .now = now,
          .bytes = Rope(Bytes::copy_of(text))};
}

TEST(RecentStoreTest, RecordsAreCopiesInTheOrderOfArrival) {
  Budget budget(1 << 20);
  Store store(budget, 100'000, {"logs"});
  Rope two;
  two.append(Bytes::copy_of("ab"));
  two.append(Bytes::copy_of("cd"));
  store.add({.signal = Signal::kTraces, .item_count = 2, .bytes = two});
  store.add(arrival("e"));
  const auto all = store.newer_than(0, 10);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]->bytes.text(), "abcd");
  EXPECT_EQ(all[1]->number, 2u);
  EXPECT_EQ(store.newer_than(1, 10).size(), 1u);
  EXPECT_EQ(store.newer_than(0, 1).size(), 1u);
  ASSERT_EQ(store.newest_first(Signal::kLogs).size(), 1u);
  EXPECT_EQ(store.numbers().requests, 2u);
  EXPECT_EQ(budget.used(MemoryTerm::kRecent), store.numbers().bytes);
}

TEST(RecentStoreTest, TheOldestMakeRoom) {
  Budget budget(1 << 20);
  Store store(budget, 10'000, {"logs"});
  const std::string text(2000, 'x');
  for (int i = 0; i < 20; ++i) store.add(arrival(text));
  EXPECT_LE(store.numbers().bytes, 10'000u);
  EXPECT_EQ(store.numbers().newest, 20u);
  EXPECT_EQ(store.oldest_number(), 21u - store.numbers().requests);
  EXPECT_EQ(budget.used(), store.numbers().bytes);
  store.add(arrival(std::string(6000, 'y')));  // more than half
  EXPECT_EQ(store.numbers().skipped_count, 1u);
}

TEST(RecentStoreTest, AShortBudgetTakesEverythingBackForAWhile) {
  Budget budget(100'000);
  Store store(budget, 50'000, {"logs"});
  store.add(arrival("a"));
  EXPECT_TRUE(store.give_back());
  EXPECT_FALSE(store.give_back());
  EXPECT_EQ(budget.used(), 0u);
  store.add(arrival("b", MonotonicTime(1s)));
  EXPECT_EQ(store.numbers().requests, 0u);
  store.add(arrival("c", MonotonicTime(12s)));
  EXPECT_EQ(store.numbers().requests, 1u);
  EXPECT_EQ(store.numbers().skipped_count, 1u);
}

TEST(RecentStoreTest, TheLastEighthOfTheBudgetIsForMessages) {
  Budget budget(100'000);
  Store store(budget, 50'000, {"logs"});
  store.add(arrival("a"));
  ASSERT_TRUE(budget.try_reserve(MemoryTerm::kMessages, 90'000));
  store.add(arrival("b"));
  EXPECT_EQ(store.numbers().requests, 0u);
  EXPECT_EQ(budget.used(MemoryTerm::kRecent), 0u);
  budget.release(MemoryTerm::kMessages, 90'000);
}

TEST(RecentStoreTest, AReaderKeepsWhatLeavesTheStore) {
  Budget budget(1 << 20);
  Store store(budget, 10'000, {"logs"});
  store.add(arrival("kept"));
  const auto held = store.newer_than(0, 1);
  EXPECT_TRUE(store.give_back());
  EXPECT_EQ(held.front()->bytes.text(), "kept");
  EXPECT_GT(budget.used(), 0u);
}

}  // namespace
}  // namespace millrace::recent
