#include "destination/request_cutter.h"

#include <gtest/gtest.h>

#include "destination/testing/requests.h"
#include "memory/chunk_pool.h"
#include "pipeline/testing/manual_loop.h"

namespace millrace::pipeline {
namespace {

using testing::cut_records;
using testing::request_of;

// Of everything that is longer than eight bytes two steps fit into a slice.
io::LongWorkOptions short_slices() {
  io::LongWorkOptions options;
  options.bytes_min = 9;
  options.units_at_once = 1;
  options.clock = [now = MonotonicTime()]() mutable { return now += 400us; };
  return options;
}

struct RequestCutterTest : ::testing::Test {
  testing::ManualLoop loop;
  Budget budget{64 << 20};
  ChunkPool pool{budget, 0};
  io::LongWork long_work{loop, pool, short_slices()};
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  std::vector<RequestCutter::Cut> cuts;
  RequestCutter cutter{cut_records, &long_work,
                       [this](RequestCutter::Cut cut) { cuts.push_back(std::move(cut)); }};
};

TEST_F(RequestCutterTest, SlicesAreForLongRequestsOnly) {
  PendingRequest small = request_of(account, 1, 1);
  PendingRequest large = request_of(account, 1, 20);
  EXPECT_FALSE(cutter.takes_slices(small));
  EXPECT_TRUE(cutter.takes_slices(large));
  EXPECT_EQ(cutter.cut(large, {5, 0}).size(), 4u);
  (void)small.owed.close();
  (void)large.owed.close();
}

TEST_F(RequestCutterTest, WhatIsBeingCutIsHeldUntilItIsDone) {
  EXPECT_FALSE(cutter.begin(request_of(account, 1, 20), {2, 0}));
  ledger::Held held;
  cutter.count_held(held);
  EXPECT_EQ(held.of(account), (ledger::Amount{20, 160}));
  EXPECT_TRUE(cuts.empty());
  loop.run_until_idle();
  ASSERT_EQ(cuts.size(), 1u);
  EXPECT_EQ(cuts[0].pieces.size(), 10u);
  (void)cuts[0].large.owed.close();
}

TEST_F(RequestCutterTest, WhatIsTakenMeanwhileIsNotCut) {
  EXPECT_FALSE(cutter.begin(request_of(account, 1, 20), {2, 0}));
  std::vector<PendingRequest> taken = cutter.take_all();
  ASSERT_EQ(taken.size(), 1u);
  loop.run_until_idle();
  EXPECT_TRUE(cuts.empty());
  (void)taken[0].owed.close();
}

}  // namespace
}  // namespace millrace::pipeline
