// Large requests are cut in slices, and nothing is lost or waits for ever meanwhile.
#include <gtest/gtest.h>

#include "graph/drain.h"
#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using testing::outcome_of;
using testing::plain_options;
using testing::Rig;
using Kind = Outcome::Kind;
using Batches = std::vector<std::vector<uint64_t>>;

DestinationOptions pairs(int32_t consumers) {
  DestinationOptions options = plain_options();
  options.batch.items_max = 2;
  options.concurrency.max = static_cast<uint32_t>(consumers);
  return options;
}

// Of everything that is longer than eight bytes two steps fit into a slice.
io::LongWorkOptions short_slices() {
  io::LongWorkOptions options;
  options.bytes_min = 9;
  options.units_at_once = 1;
  options.clock = [now = MonotonicTime()]() mutable { return now += 400us; };
  return options;
}

struct CuttingTest : ::testing::Test {
  explicit CuttingTest(int32_t consumers = 1)
      : rig({pairs(consumers)}, {}, nullptr, nullptr, nullptr, short_slices()) {}
  testing::FakeExporter& exporter() { return *rig.sinks[0].exporter; }
  Rig rig;
};

TEST_F(CuttingTest, GoesOnOverTurnsAndIsCountedAsHeldInAllOfThem) {
  const size_t verdict = rig.submit(20, Policy::kDelivered);
  const size_t behind = rig.submit(1, Policy::kDelivered);
  int turns_without_a_batch = 0;
  for (int i = 0; i < 100 && exporter().delivered.size() < 11; ++i) {
    rig.auditor->start_round();
    rig.loop.turn();
    EXPECT_EQ(rig.held_items(), 21 - 2 * exporter().delivered.size());
    turns_without_a_batch += exporter().open.empty() && exporter().delivered.empty();
    if (!exporter().open.empty()) exporter().answer(Kind::kDelivered);
  }
  EXPECT_GE(turns_without_a_batch, 2) << "was not cut in slices";
  rig.run();
  Batches wanted;
  for (uint64_t item = 1; item < 20; item += 2) wanted.push_back({item, item + 1});
  wanted.push_back({21});
  EXPECT_EQ(exporter().delivered, wanted) << "with one consumer the order stays";
  EXPECT_TRUE(rig.verdicts[verdict]->ok());
  EXPECT_TRUE(rig.verdicts[behind]->ok());
}

TEST_F(CuttingTest, ADrainThatEndsMeanwhileDropsItOnce) {
  rig.submit(20);
  rig.loop.turn();
  Drain drain(rig.loop);
  drain.add(*rig.intake);
  drain.add(*rig.pipeline);
  drain.add(*rig.sinks[0].destination);
  drain.start(rig.loop.now(), [] {});
  rig.run();
  EXPECT_EQ(rig.held_items(), 0u);
  EXPECT_EQ(rig.sinks[0].dropped(ledger::DropReason::kDrainDeadline).items, 20u);
}

TEST_F(CuttingTest, AWorkerThatGoesMeanwhileDropsIt) {
  rig.submit(20);
  rig.loop.turn();
  rig.auditor.reset();
  rig.sinks[0].worker.reset();
  rig.run();
  EXPECT_EQ(rig.sinks[0].dropped(ledger::DropReason::kShutdown).items, 20u);
}

TEST_F(CuttingTest, WhatCannotBeCutIsTriedOnce) {
  Payload payload = testing::payload_of({1});
  payload.item_count = 5;  // the cutter finds one
  payload.bytes.append(Bytes::copy_of("more"));
  rig.submit(std::move(payload));
  rig.run();
  ASSERT_EQ(exporter().open.size(), 1u);
  exporter().answer(Kind::kDelivered);
  rig.run();
  EXPECT_EQ(rig.held_items(), 0u);
}

}  // namespace
}  // namespace millrace::pipeline
