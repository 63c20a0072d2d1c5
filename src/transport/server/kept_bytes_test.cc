#include "transport/server/kept_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::transport {
namespace {

struct KeptBytesTest : ::testing::Test {
  Budget budget{100};
  KeptBytes kept{budget,
                 {.term = MemoryTerm::kAnswers, .allocation = "term answers", .included = 10}};
};

TEST_F(KeptBytesTest, WhatIsIncludedCostsNothing) {
  EXPECT_TRUE(kept.empty());
  EXPECT_TRUE(kept.try_keep("0123456789"));
  EXPECT_EQ(kept.size(), 10u);
  EXPECT_EQ(budget.used(), 0u);
}

TEST_F(KeptBytesTest, WhatIsMoreIsReservedAsLongAsAnyOfItIsLeft) {
  EXPECT_TRUE(kept.try_keep("0123456789a"));
  EXPECT_EQ(budget.used(), 11u);
  kept.use(4);
  EXPECT_EQ(kept.rest(), "456789a");
  EXPECT_EQ(kept.size(), 7u);
  EXPECT_EQ(budget.used(), 11u);
  kept.use(7);
  EXPECT_TRUE(kept.empty());
  EXPECT_EQ(kept.rest(), "");
  EXPECT_EQ(budget.used(), 0u);
}

TEST_F(KeptBytesTest, WithoutMemoryNothingIsKept) {
  EXPECT_FALSE(kept.try_keep(std::string(101, 'x')));
  EXPECT_TRUE(kept.empty());
  EXPECT_EQ(budget.used(), 0u);
}

TEST_F(KeptBytesTest, KeepingReplaces) {
  ASSERT_TRUE(kept.try_keep(std::string(60, 'x')));
  kept.use(1);
  ASSERT_TRUE(kept.try_keep(std::string(70, 'y')));
  EXPECT_EQ(kept.rest(), std::string(70, 'y'));
  EXPECT_EQ(budget.used(), 70u);
  EXPECT_EQ(kept.release(), std::string(70, 'y'));
  EXPECT_TRUE(kept.empty());
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace millrace::transport
