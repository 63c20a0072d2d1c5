#include "memory/testing/heap_account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/allocation_name.h"

namespace millrace::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constinit thread_local bool counted = false;

// The compiler leaves out allocations that it sees through.
using Block = std::unique_ptr<char[]>;
Block make_block(size_t size) {
  Block block(new char[size]);
  asm volatile("" : : "r"(block.get()) : "memory");
  return block;
}
[[maybe_unused]] void* hidden(void* data) {
  asm volatile("" : "+r"(data) : : "memory");
  return data;
}

struct Counted {
  Counted() { counted = true; }
  ~Counted() { counted = false; }
};

TEST(HeapAccount, CountsWhatItIsToldToCount) {
  HeapAccount account([] { return counted; });
  const auto before = make_block(1000);
  EXPECT_EQ(account.live_bytes(), 0U);
  Block ours;
  {
    const Counted scope;
    ours = make_block(1000);
  }
  EXPECT_EQ(account.live_bytes(), 1000U);
  EXPECT_EQ(account.live_count(), 1U);
  ours.reset();  // freed outside of the scope
  EXPECT_EQ(account.live_bytes(), 0U);
}

// The hooks of the thread sanitizer do not tell of aligned_alloc, nor of what realloc frees;
// the tests that count allocations (the simulation, fuzz targets) run without it.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MILLRACE_HOOKS_ARE_PARTIAL 1
#endif
#endif
#if !defined(MILLRACE_HOOKS_ARE_PARTIAL)
TEST(HeapAccount, EveryWayToAllocateIsSeen) {
  HeapAccount account([] { return counted; });
  const Counted scope;
  void* plain = hidden(std::malloc(100));
  void* zeroed = hidden(std::calloc(10, 20));
  void* aligned = hidden(std::aligned_alloc(64, 128));
  EXPECT_EQ(account.live_bytes(), 428U);
  plain = hidden(std::realloc(plain, 1'000));
  EXPECT_EQ(account.live_bytes(), 1'328U);
  std::free(plain);
  std::free(zeroed);
  std::free(aligned);
  EXPECT_EQ(account.live_bytes(), 0U);
}
#endif

TEST(HeapAccount, ManyAllocationsFreedInAnotherOrder) {
  HeapAccount account([] { return counted; });
  std::vector<Block> kept(50'000);
  {
    const Counted scope;
    for (auto& one : kept) one = make_block(16);
  }
  EXPECT_EQ(account.live_count(), kept.size());
  for (size_t at = 0; at < kept.size(); at += 2) kept[at].reset();
  EXPECT_EQ(account.live_bytes(), 16 * kept.size() / 2);
  kept.clear();
  EXPECT_EQ(account.live_bytes(), 0U);
}

TEST(HeapAccount, WhatTheBudgetHasReservedIsNotOutside) {
  HeapAccount account([] { return counted; });
  Budget budget(1 << 20);
  account.set_budget(&budget);
  ASSERT_TRUE(budget.try_reserve(MemoryTerm::kJson, 1'000));
  const Counted scope;
  const auto covered = make_block(1'000);
  EXPECT_EQ(account.outside_peak(), 0U);
  const auto outside = make_block(300);
  EXPECT_EQ(account.outside_peak(), 300U);
}

#if defined(MILLRACE_DEBUG_CHECKS)
TEST(HeapAccount, ALargeAllocationNeedsAName) {
  HeapAccount account([] { return counted; });
  const Counted scope;
  const auto small = make_block(kLargeAllocationBytes - 1);
  EXPECT_THAT(account.take_unnamed(), IsEmpty());
  const auto large = make_block(kLargeAllocationBytes);
  EXPECT_THAT(account.take_unnamed(), ElementsAre(HasSubstr("has no name")));
  EXPECT_THAT(account.take_unnamed(), IsEmpty());
}

TEST(HeapAccount, ALargeAllocationKeepsToItsName) {
  HeapAccount account([] { return counted; });
  const Counted scope;
  const AllocationName name("constant of a test", 100'000);
  auto allowed = make_block(100'000);
  EXPECT_THAT(account.take_unnamed(), IsEmpty());
  const auto larger = make_block(100'001);
  EXPECT_THAT(account.take_unnamed(), ElementsAre(HasSubstr("is more than constant of a test")));
  allowed.reset();
  const auto named = account.named();
  ASSERT_EQ(named.size(), 1U);
  EXPECT_EQ(named[0].live_bytes, 100'001U);
  EXPECT_EQ(named[0].peak_bytes, 200'001U);
}
#endif

}  // namespace
}  // namespace millrace::testing
