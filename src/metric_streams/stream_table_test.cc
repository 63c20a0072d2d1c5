#include "metric_streams/stream_table.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace millrace::metric_streams {
namespace {

struct State {
  uint64_t count = 0;
  std::vector<uint64_t> values;
  size_t bytes() const { return 8 * values.capacity(); }
};
using Table = StreamTable<State>;

item_identity::Identity stream(uint64_t number) { return {number, number * 7}; }
bool add(Table& table, uint64_t number, MonotonicTime now = {}, size_t growth = 0) {
  return table.use(stream(number), now, growth, [&](State& state, bool) { ++state.count; });
}

TEST(StreamTableTest, AStateIsKept) {
  Budget budget(1 << 20);
  Table table(budget, {});
  EXPECT_TRUE(add(table, 1));
  table.use(stream(1), {}, 0, [](State& state, bool is_new) {
    EXPECT_FALSE(is_new);
    EXPECT_EQ(state.count, 1u);
  });
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(budget.used(MemoryTerm::kKeyedState), table.reserved_bytes());
}

TEST(StreamTableTest, NewStreamsBeyondTheLimitAreRefused) {
  Budget budget(1 << 20);
  Table table(budget, {.streams_max = 2});
  EXPECT_TRUE(add(table, 1));
  EXPECT_TRUE(add(table, 2));
  EXPECT_FALSE(add(table, 3));
  EXPECT_TRUE(add(table, 2));
  EXPECT_EQ(table.size(), 2u);
}

TEST(StreamTableTest, ItsBytesAreReservedAndBounded) {
  Budget budget(64 << 20);
  Table table(budget, {.bytes_max = 4 << 20});
  uint64_t accepted = 0;
  for (uint64_t i = 0; i < 100'000; ++i) accepted += add(table, i) ? 1 : 0;
  EXPECT_LT(accepted, 100'000u);
  EXPECT_GT(accepted * sizeof(State), size_t{1} << 18);
  EXPECT_LE(budget.used(), size_t{4} << 20);
  EXPECT_FALSE(add(table, 1, {}, 8 << 20));
}

TEST(StreamTableTest, WithoutBudgetNothingIsKept) {
  Budget budget(1000);
  Table table(budget, {});
  EXPECT_FALSE(add(table, 1));
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.reserved_bytes(), 0u);
}

TEST(StreamTableTest, UnusedStreamsAreForgottenAndTheirMemoryReturns) {
  Budget budget(64 << 20);
  Table table(budget, {.max_stale = 10s});
  const MonotonicTime start{};
  for (uint64_t i = 0; i < 20'000; ++i) ASSERT_TRUE(add(table, i, start));
  ASSERT_TRUE(add(table, 5, start + 9s));
  const size_t before = budget.used();
  for (size_t i = 0; i < Table::kShards; ++i) table.sweep_some(start + 11s);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_LT(budget.used(), before);
  EXPECT_EQ(budget.used(), table.reserved_bytes());
}

TEST(StreamTableTest, ThreadsShareIt) {
  Budget budget(64 << 20);
  Table table(budget, {});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (uint64_t i = 0; i < 2000; ++i) add(table, i % 100);
    });
  }
  for (std::thread& thread : threads) thread.join();
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    table.use(stream(i), {}, 0, [&](State& state, bool) { sum += state.count; });
  }
  EXPECT_EQ(sum, 8000u);
}

}  // namespace
}  // namespace millrace::metric_streams
