#include "extensions/console/answer_cache.h"

#include <gtest/gtest.h>

#include "pipeline/testing/manual_loop.h"

namespace millrace::extensions::console {
namespace {

struct Cached {
  pipeline::testing::ManualLoop loop;
  Budget budget{64 << 20};
  recent::Store store{budget, 1 << 20, {"traces"}};
  AnswerCache cache{loop, store};
  int made = 0;

  Cached() { arrive(); }
  void arrive() {
    store.add({.signal = Signal::kTraces, .item_count = 1, .bytes = Rope(Bytes::copy_of("a"))});
  }
  std::string get(const std::string& target, Duration cost) {
    return cache
        .answer(target,
                [&] {
                  loop.advance(cost);
                  return transport::PageReply{.body = target + std::to_string(++made)};
                })
        .body;
  }
};

TEST(AnswerCacheTest, ALongAnswerIsGivenAgainWhileNothingArrives) {
  Cached cached;
  EXPECT_EQ(cached.get("a", 100ms), "a1");
  cached.loop.advance(1h);
  EXPECT_EQ(cached.get("a", 100ms), "a1");
  EXPECT_EQ(cached.get("b", 100ms), "b2");
}

TEST(AnswerCacheTest, WithArrivalsItIsGivenAgainForTenTimesItsCost) {
  Cached cached;
  EXPECT_EQ(cached.get("a", 100ms), "a1");
  cached.arrive();
  cached.loop.advance(900ms);
  EXPECT_EQ(cached.get("a", 100ms), "a1");
  cached.loop.advance(200ms);
  EXPECT_EQ(cached.get("a", 100ms), "a2");
}

TEST(AnswerCacheTest, AShortAnswerIsAlwaysMade) {
  Cached cached;
  EXPECT_EQ(cached.get("a", 1ms), "a1");
  EXPECT_EQ(cached.get("a", 1ms), "a2");
}

TEST(AnswerCacheTest, NothingIsGivenAgainWhenTheStoreIsEmpty) {
  Cached cached;
  EXPECT_EQ(cached.get("a", 100ms), "a1");
  EXPECT_TRUE(cached.store.give_back());
  EXPECT_EQ(cached.get("a", 100ms), "a2");
}

TEST(AnswerCacheTest, TheNumberOfKeptAnswersIsBounded) {
  Cached cached;
  for (size_t i = 0; i <= AnswerCache::kAnswersMax; ++i) cached.get(std::to_string(i), 100ms);
  const int made = cached.made;
  cached.get("0", 100ms);
  EXPECT_EQ(cached.made, made + 1);
}

}  // namespace
}  // namespace millrace::extensions::console
