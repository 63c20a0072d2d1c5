#include "destination/flight.h"

#include <gtest/gtest.h>

#include "destination/testing/requests.h"

namespace millrace::pipeline {
namespace {

using testing::close_all;
using testing::cut_records;
using testing::items_of;
using testing::request_of;
using Items = std::vector<uint64_t>;
using Flights = std::vector<std::unique_ptr<Flight>>;

struct FlightTest : ::testing::Test {
  // Requests of so many items each, numbered on.
  void fill(const std::vector<uint64_t>& counts) {
    uint64_t next = 1;
    for (const uint64_t count : counts) {
      flight.append(request_of(account, next, next + count - 1));
      next += count;
    }
  }
  // The items of each, whose obligations are closed.
  static std::vector<Items> take(Flights flights) {
    std::vector<Items> items;
    for (const auto& one : flights) {
      uint64_t owed = 0;
      for (const Entry& entry : one->entries) owed += entry.owed.item_count();
      EXPECT_EQ(one->item_count, owed);
      items.push_back(items_of(one->bytes));
      close_all(*one);
    }
    return items;
  }
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  ledger::Account& other = ledger.open(Signal::kTraces, "traces/2", "sink");
  Flight flight;
};

TEST_F(FlightTest, SplitsAtRequests) {
  fill({2, 1, 3});
  EXPECT_EQ(take(flight.split_at_requests()), (std::vector<Items>{{1, 2}, {3}, {4, 5, 6}}));
}

TEST_F(FlightTest, OneRequestIsNotSplitAtRequestsNorInHalves) {
  fill({4});
  EXPECT_TRUE(flight.split_at_requests().empty());
  EXPECT_TRUE(flight.split_in_halves().empty());
  EXPECT_EQ(flight.item_count, 4u);
  close_all(flight);
}

TEST_F(FlightTest, HalvesMeetAtTheBoundaryNearestToTheMiddle) {
  fill({2, 1, 3});
  EXPECT_EQ(take(flight.split_in_halves()), (std::vector<Items>{{1, 2, 3}, {4, 5, 6}}));
}

TEST_F(FlightTest, LargeLastRequestIsAHalfOfItsOwn) {
  fill({1, 1, 9});
  EXPECT_EQ(take(flight.split_in_halves()),
            (std::vector<Items>{{1, 2}, {3, 4, 5, 6, 7, 8, 9, 10, 11}}));
}

TEST_F(FlightTest, OneRequestIsCutIntoParts) {
  fill({5});
  EXPECT_EQ(take(flight.cut(cut_records, {3, 0})), (std::vector<Items>{{1, 2, 3}, {4, 5}}));
}

TEST_F(FlightTest, CutterThatCountsDifferentlyCutsNothing) {
  fill({5});
  const BatchCutter wrong = [](Signal, const Rope& request, CutLimits limits, Work* work) {
    std::vector<CutPiece> pieces = cut_records(Signal::kTraces, request, limits, work);
    ++pieces.front().item_count;
    return pieces;
  };
  EXPECT_TRUE(flight.cut(wrong, {3, 0}).empty());
  close_all(flight);
}

TEST_F(FlightTest, TakesOutSomeRequestsWithTheirBytes) {
  flight.append(request_of(account, 1, 2));
  flight.append(request_of(other, 3, 5));
  flight.append(request_of(account, 6, 6));
  std::vector<PendingRequest> taken = flight.take_out(
      [&](const Obligation& owed) { return &owed.account() == &other; }, MonotonicTime{});
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(items_of(taken[0].bytes), (Items{3, 4, 5}));
  EXPECT_EQ(items_of(flight.bytes), (Items{1, 2, 6}));
  EXPECT_EQ(flight.item_count, 3u);
  EXPECT_EQ(flight.entries.size(), 2u);
  (void)taken[0].owed.close();
  close_all(flight);
}

TEST_F(FlightTest, NamesEachPipelineOnce) {
  flight.append(request_of(account, 1, 1));
  flight.append(request_of(other, 2, 2));
  flight.append(request_of(account, 3, 3));
  EXPECT_EQ(flight.pipelines(), (std::vector<std::string_view>{"traces", "traces/2"}));
  close_all(flight);
}

}  // namespace
}  // namespace millrace::pipeline
