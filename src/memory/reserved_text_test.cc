#include "memory/reserved_text.h"

#include <gtest/gtest.h>

#include <string>

#include "memory/testing/test_work.h"

namespace millrace {
namespace {

TEST(ReservedTextTest, WhatIsLargeIsReserved) {
  testing::TestWork own;
  {
    ReservedText text(own.work, "testing");
    text.append(std::string(1000, 'a'));
    EXPECT_EQ(own.budget.used(MemoryTerm::kWork), 0u);
    text.append(std::string(100'000, 'b'));
    EXPECT_GE(own.budget.used(MemoryTerm::kWork), 101'000u);
    EXPECT_EQ(text.size(), 101'000u);
    text.clear();
    text.append('c');
    EXPECT_EQ(text.view(), "c");
  }
  EXPECT_EQ(own.budget.used(MemoryTerm::kWork), 0u);
}

TEST(ReservedTextTest, TheFirstRefusalIsKept) {
  testing::TestWork own(64 * 1024);
  ReservedText text(own.work, "testing");
  text.append("kept");
  text.append(std::string(100'000, 'a'));
  ASSERT_TRUE(text.failed());
  EXPECT_NE(text.failure()->message.find("testing"), std::string::npos);
  text.append("more");
  EXPECT_EQ(text.view(), "kept");
  text.reset();
  text.append("again");
  EXPECT_FALSE(text.failed());
  EXPECT_EQ(text.view(), "again");
}

}  // namespace
}  // namespace millrace
