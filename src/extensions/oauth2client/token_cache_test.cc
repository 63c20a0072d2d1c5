#include "extensions/oauth2client/token_cache.h"

#include <gtest/gtest.h>

namespace millrace::extensions {
namespace {

class TokenCacheTest : public ::testing::Test {
 protected:
  static MonotonicTime at(Duration since) { return MonotonicTime{} + 1h + since; }
  void run() {
    cache_.set_fetcher([this] { ++asked_; });
  }
  // "Bearer …", or the code of the error.
  std::string shown(Duration since) {
    const auto credentials = cache_.look(at(since));
    return credentials ? (*credentials)->front().value
                       : std::string(code_name(credentials.error().code));
  }
  void fetched(const char* token, std::optional<Duration> lifetime, Duration since) {
    cache_.on_token({.authorization = token, .lifetime = lifetime}, at(since));
  }

  TokenCache cache_{5min};
  int asked_ = 0;
};

TEST_F(TokenCacheTest, FirstTokenIsAskedForAtTheStartAndWaitedFor) {
  EXPECT_EQ(shown(0s), "UNAUTHENTICATED") << "nothing fetches";
  run();
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(shown(0s), "UNAVAILABLE");
  EXPECT_EQ(asked_, 1) << "one fetch at a time";
  fetched("Bearer a", 1h, 1s);
  EXPECT_EQ(shown(2s), "Bearer a");
  EXPECT_EQ(asked_, 1);
}

TEST_F(TokenCacheTest, TokenIsReplacedBeforeItEndsWhileTheOldOneIsUsed) {
  run();
  fetched("Bearer a", 1h, 0s);
  EXPECT_EQ(shown(54min), "Bearer a");
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(shown(56min), "Bearer a");
  EXPECT_EQ(asked_, 2);
  fetched("Bearer b", 1h, 57min);
  EXPECT_EQ(shown(58min), "Bearer b");
}

TEST_F(TokenCacheTest, EndedTokenIsNotShown) {
  run();
  fetched("Bearer a", 1h, 0s);
  EXPECT_EQ(shown(59min + 51s), "UNAVAILABLE");
  cache_.on_failure({Code::kUnauthenticated, "down"}, at(1h));
  EXPECT_EQ(shown(1h), "UNAUTHENTICATED");
}

TEST_F(TokenCacheTest, TokenThatLivesShorterThanTheBufferIsReplacedAtHalfItsLife) {
  run();
  fetched("Bearer a", 1min, 0s);
  EXPECT_EQ(shown(29s), "Bearer a");
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(shown(31s), "Bearer a");
  EXPECT_EQ(asked_, 2);
}

TEST_F(TokenCacheTest, TokenWithoutAnEndStays) {
  run();
  fetched("Bearer a", std::nullopt, 0s);
  EXPECT_EQ(shown(24h * 365), "Bearer a");
  EXPECT_EQ(asked_, 1);
}

TEST_F(TokenCacheTest, ServerThatFailsIsLeftAloneForAWhile) {
  run();
  const Error error{Code::kUnauthenticated, "down"};
  cache_.on_failure(error, at(0s));
  EXPECT_EQ(shown(500ms), "UNAUTHENTICATED");
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(shown(1s), "UNAVAILABLE");
  EXPECT_EQ(asked_, 2);
  cache_.on_failure(error, at(1s));
  EXPECT_EQ(shown(2s), "UNAUTHENTICATED");
  EXPECT_EQ(shown(3s), "UNAVAILABLE");
  for (int i = 0; i < 10; ++i) cache_.on_failure(error, at(10s));
  EXPECT_EQ(shown(39s), "UNAUTHENTICATED");
  EXPECT_EQ(shown(40s), "UNAVAILABLE");
}

TEST_F(TokenCacheTest, RefusedTokenIsReplacedOnceItIsNotFresh) {
  run();
  fetched("Bearer a", 1h, 0s);
  const transport::Credentials refused = *cache_.look(at(1s));
  EXPECT_FALSE(cache_.renew(refused, at(5s))) << "a fresh token that is refused stays refused";
  EXPECT_TRUE(cache_.renew(refused, at(10min)));
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(shown(10min), "UNAVAILABLE");
  fetched("Bearer b", 1h, 11min);
  EXPECT_TRUE(cache_.renew(refused, at(11min))) << "there is a newer one";
  EXPECT_EQ(asked_, 2);
}

TEST_F(TokenCacheTest, NothingIsAskedAfterTheFetcherHasGone) {
  run();
  cache_.set_fetcher(nullptr);
  EXPECT_EQ(shown(0s), "UNAUTHENTICATED");
  EXPECT_EQ(asked_, 1);
}

}  // namespace
}  // namespace millrace::extensions
