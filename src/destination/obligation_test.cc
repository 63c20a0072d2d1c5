#include "destination/obligation.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "pipeline/completion.h"
#include "pipeline/testing/manual_loop.h"

namespace millrace::pipeline {
namespace {

struct ObligationTest : ::testing::Test {
  Obligation owed(uint32_t items, uint32_t bytes, uint32_t cost,
                  std::shared_ptr<Completion> completion = nullptr) {
    return Obligation({.account = &account,
                       .item_count = items,
                       .admitted_bytes = bytes,
                       .cost = cost,
                       .completion = std::move(completion)});
  }
  testing::ManualLoop loop;
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
};

TEST_F(ObligationTest, PartsAddUpToTheWhole) {
  Obligation whole = owed(10, 101, 7);
  const std::array<uint32_t, 3> counts = {3, 3, 4};
  std::vector<Obligation> parts = whole.split(counts);
  EXPECT_FALSE(whole.is_open());
  ledger::Amount sum;
  uint32_t cost = 0;
  uint32_t slots = 0;
  for (Obligation& part : parts) {
    sum += part.amount();
    cost += part.cost();
    slots += part.slots();
    EXPECT_TRUE(part.is_part());
    EXPECT_EQ(part.close(), nullptr);
  }
  EXPECT_EQ(sum, (ledger::Amount{10, 101}));
  EXPECT_EQ(cost, 7u);
  EXPECT_EQ(slots, 1u) << "the slot belongs to the first part";
}

TEST_F(ObligationTest, SenderIsAnsweredWhenTheLastPartIs) {
  std::optional<Verdict> heard;
  Obligation whole =
      owed(2, 20, 1, std::make_shared<Completion>(loop, 1, [&](const Verdict& v) { heard = v; }));
  const std::array<uint32_t, 2> counts = {1, 1};
  std::vector<Obligation> parts = whole.split(counts);
  Completion::settle(parts[0].close(), loop);
  loop.run_until_idle();
  EXPECT_FALSE(heard);
  Completion::settle(parts[1].close(), loop);
  loop.run_until_idle();
  EXPECT_TRUE(heard);
}

TEST_F(ObligationTest, MovesWithWhatIsOwed) {
  Obligation first = owed(2, 20, 1);
  Obligation second = std::move(first);
  EXPECT_FALSE(first.is_open());
  EXPECT_TRUE(second.is_open());
  EXPECT_EQ(second.item_count(), 2u);
  (void)second.close();
}

using ObligationDeathTest = ObligationTest;

TEST_F(ObligationDeathTest, DestroyingAnOpenOneStopsTheProcess) {
  EXPECT_DEATH({ const Obligation lost = owed(1, 10, 1); }, "is_open");
}

TEST_F(ObligationDeathTest, ClosingTwiceStopsTheProcess) {
  Obligation once = owed(1, 10, 1);
  (void)once.close();
  EXPECT_DEATH((void)once.close(), "is_open");
}

}  // namespace
}  // namespace millrace::pipeline
