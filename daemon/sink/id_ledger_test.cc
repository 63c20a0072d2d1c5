#include "daemon/sink/id_ledger.h"

#include <gtest/gtest.h>

namespace millrace::load {
namespace {

TEST(IdLedgerTest, CountsEachIdOnce) {
  IdLedger ledger;
  for (const uint64_t sequence : {0, 1, 2, 1}) ledger.note({1, sequence});
  ledger.note({2, 1});
  EXPECT_EQ(ledger.unique_count(), 4u);
  EXPECT_EQ(ledger.duplicate_count(), 1u);
  EXPECT_EQ(ledger.missing_count(), 1u);  // 0 of generator 2
}

TEST(IdLedgerTest, OrderDoesNotMatter) {
  IdLedger ledger;
  constexpr uint64_t kCount = 200'000;  // several pages
  for (uint64_t i = kCount; i-- > 0;) {
    if (i != 70'000) ledger.note({65535, i});
  }
  EXPECT_EQ(ledger.unique_count(), kCount - 1);
  EXPECT_EQ(ledger.missing_count(), 1u);
  ledger.note({65535, 70'000});
  EXPECT_EQ(ledger.missing_count(), 0u);
  EXPECT_EQ(ledger.duplicate_count(), 0u);
}

TEST(IdLedgerTest, AbsentIdsAreCountedAcrossPages) {
  IdLedger ledger;
  for (uint64_t i = 65'000; i < 66'000; ++i) ledger.note({3, i});
  EXPECT_EQ(ledger.absent_count({3, 65'000}, 1000), 0u);
  EXPECT_EQ(ledger.absent_count({3, 64'990}, 1020), 20u);
  EXPECT_EQ(ledger.absent_count({3, 200'000}, 70'000), 70'000u);
  EXPECT_EQ(ledger.absent_count({4, 65'000}, 10), 10u);
}

TEST(IdLedgerTest, GeneratorsDoNotShareIds) {
  IdLedger ledger;
  for (uint16_t generator = 0; generator < 300; ++generator) ledger.note({generator, 5});
  EXPECT_EQ(ledger.unique_count(), 300u);
  EXPECT_EQ(ledger.duplicate_count(), 0u);
}

TEST(IdLedgerTest, FarIdsAreBounded) {
  IdLedger ledger(2);
  ledger.note({1, 0});
  ledger.note({1, kSequenceEnd - 1});
  ledger.note({1, 1 << 20});
  EXPECT_EQ(ledger.unique_count(), 2u);
  EXPECT_EQ(ledger.unchecked_count(), 1u);
}

}  // namespace
}  // namespace millrace::load
