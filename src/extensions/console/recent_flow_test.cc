#include "extensions/console/recent_flow.h"

#include <gtest/gtest.h>

#include "pipeline/testing/manual_loop.h"

namespace millrace::extensions::console {
namespace {

struct CountingSource final : Source {
  const Facts& facts() const override { return facts_; }
  State state() const override {
    DestinationState destination;
    destination.batch_items = batch_items.counts();
    return {.destinations = {destination}};
  }
  std::optional<std::string> send_test_trace() override { return std::nullopt; }
  Facts facts_;
  LogHistogram batch_items;
};

TEST(RecentFlowTest, QuantilesAreThoseOfTheLastMinute) {
  pipeline::testing::ManualLoop loop;
  CountingSource source;
  RecentFlow flow(loop, source);
  EXPECT_FALSE(flow.state().destinations[0].recent_batch_items);
  for (int i = 0; i < 100; ++i) source.batch_items.record(8);
  EXPECT_EQ(flow.state().destinations[0].recent_batch_items->p50, 8);
  loop.advance(70s);
  EXPECT_FALSE(flow.state().destinations[0].recent_batch_items);
  source.batch_items.record(2);
  EXPECT_EQ(flow.state().destinations[0].recent_batch_items->p99, 2);
}

}  // namespace
}  // namespace millrace::extensions::console
