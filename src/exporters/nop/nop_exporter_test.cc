#include "exporters/nop/nop_exporter.h"

#include <gtest/gtest.h>

#include "io/sim/world.h"

namespace millrace::exporters {
namespace {

using pipeline::Outcome;

TEST(NopExporterTest, EveryBatchIsDeliveredAfterTheCall) {
  io::sim::World world(1);
  const auto loop = world.make_loop("worker");
  const auto exporter = make_nop_exporter({}, *loop);
  int delivered = 0;
  loop->post([&] {
    for (int i = 0; i < 3; ++i) {
      exporter->send_batch({}, kNever, [&](Outcome outcome) {
        EXPECT_EQ(outcome.kind, Outcome::Kind::kDelivered);
        ++delivered;
      });
    }
    EXPECT_EQ(delivered, 0);
  });
  EXPECT_TRUE(world.run_until([&] { return delivered == 3; }, 1s));
}

TEST(NopExporterTest, ClosingAnswersWhatWaitsAndCancelsWhatComes) {
  io::sim::World world(1);
  const auto loop = world.make_loop("worker");
  const auto exporter = make_nop_exporter({}, *loop);
  std::vector<Outcome::Kind> seen;
  const auto note = [&](Outcome outcome) { seen.push_back(outcome.kind); };
  loop->post([&] {
    exporter->send_batch({}, kNever, note);
    exporter->close();
    EXPECT_EQ(seen.size(), 1u);
    exporter->send_batch({}, kNever, note);
  });
  EXPECT_TRUE(world.run_until([&] { return seen.size() == 2; }, 1s));
  EXPECT_EQ(seen[0], Outcome::Kind::kDelivered);
  EXPECT_EQ(seen[1], Outcome::Kind::kCancelled);
}

}  // namespace
}  // namespace millrace::exporters
