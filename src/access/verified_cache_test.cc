#include "access/verified_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::access {
namespace {

std::shared_ptr<const transport::Identity> someone(const std::string& name) {
  return std::make_shared<transport::Identity>(name);
}

TEST(VerifiedCacheTest, FindsOnlyVerifiedCredentials) {
  VerifiedCache cache(10);
  EXPECT_EQ(cache.find(cache.digest_of("alice:1")), nullptr);
  cache.remember(cache.digest_of("alice:1"), someone("alice"));
  EXPECT_EQ(cache.find(cache.digest_of("alice:1"))->name, "alice");
  EXPECT_EQ(cache.find(cache.digest_of("alice:2")), nullptr);
  cache.clear();
  EXPECT_EQ(cache.find(cache.digest_of("alice:1")), nullptr);
}

TEST(VerifiedCacheTest, EntryUsedLongestAgoIsEvictedFirst) {
  VerifiedCache cache(3);
  for (const std::string name : {"a", "b", "c"})
    cache.remember(cache.digest_of(name), someone(name));
  EXPECT_NE(cache.find(cache.digest_of("a")), nullptr);
  cache.remember(cache.digest_of("d"), someone("d"));
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(cache.find(cache.digest_of("b")), nullptr);
  for (const std::string name : {"a", "c", "d"})
    EXPECT_NE(cache.find(cache.digest_of(name)), nullptr) << name;
}

}  // namespace
}  // namespace millrace::access
