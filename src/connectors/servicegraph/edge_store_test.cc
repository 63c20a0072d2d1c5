#include "connectors/servicegraph/edge_store.h"

#include <gtest/gtest.h>

namespace millrace::connectors::servicegraph {
namespace {

item_identity::Identity key(uint64_t number) { return {number, number}; }
void client(Edge& edge) { edge.client = "a"; }
void server(Edge& edge) { edge.server = "b"; }

TEST(EdgeStoreTest, TwoHalvesMakeOneEdge) {
  Budget budget(1 << 20);
  EdgeStore store(budget, 10, 2s);
  const auto first = store.upsert(key(1), {}, client);
  EXPECT_TRUE(first.is_new);
  EXPECT_FALSE(first.complete);
  EXPECT_GT(budget.used(MemoryTerm::kKeyedState), sizeof(Edge));
  const auto second = store.upsert(key(1), {}, server);
  EXPECT_FALSE(second.is_new);
  ASSERT_TRUE(second.complete);
  EXPECT_EQ(second.complete->client, "a");
  EXPECT_EQ(store.size(), 0u);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(EdgeStoreTest, HalvesExpireInOrder) {
  Budget budget(1 << 20);
  EdgeStore store(budget, 10, 2s);
  const MonotonicTime begin{};
  store.upsert(key(1), begin, client);
  store.upsert(key(1 + EdgeStore::kShards), begin + 1s, server);
  EXPECT_FALSE(store.take_expired(1, begin + 2s));
  EXPECT_EQ(store.take_expired(1, begin + 2500ms)->client, "a");
  EXPECT_FALSE(store.take_expired(1, begin + 2500ms));
  EXPECT_EQ(store.take_expired(1, begin + 4s)->server, "b");
  EXPECT_EQ(budget.used(), 0u);
}

TEST(EdgeStoreTest, BeyondTheLimitsNewHalvesAreRefused) {
  Budget budget(1 << 20);
  EdgeStore store(budget, 1, 2s);
  EXPECT_TRUE(store.upsert(key(1), {}, client).is_new);
  EXPECT_TRUE(store.upsert(key(2), {}, client).is_refused);
  EXPECT_TRUE(store.upsert(key(1), {}, server).complete);
  EXPECT_TRUE(store.upsert(key(2), {}, client).is_new);
  Budget small(sizeof(Edge));
  EdgeStore poor(small, 10, 2s);
  EXPECT_TRUE(poor.upsert(key(1), {}, client).is_refused);
  EXPECT_EQ(small.used(), 0u);
}

TEST(EdgeStoreTest, AHalfThatGrowsIsReservedAnew) {
  Budget budget(1 << 12);
  EdgeStore store(budget, 10, 2s);
  store.upsert(key(1), {}, client);
  const size_t before = budget.used();
  store.upsert(key(1), {}, [](Edge& edge) { edge.peer = std::string(500, 'x'); });
  EXPECT_GE(budget.used(), before + 500);
  EXPECT_TRUE(
      store.upsert(key(1), {}, [](Edge& edge) { edge.peer = std::string(5000, 'x'); }).is_refused);
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace millrace::connectors::servicegraph
