#include "destination/compactor.h"

#include <gtest/gtest.h>

#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using testing::items_of;
using testing::outcome_of;
using testing::plain_options;
using testing::Rig;
using Kind = Outcome::Kind;

constexpr size_t kSpanBytes = 448;

// A request of one span that lies alone in a chunk of its connection.
Payload lonely_span(ChunkPool& pool, uint64_t item) {
  const ChunkRef chunk = pool.try_acquire(kSpanBytes);
  std::memset(chunk->data(), 0, kSpanBytes);
  std::memcpy(chunk->data(), &item, sizeof(item));
  Payload payload;
  payload.item_count = 1;
  payload.bytes = Rope(Bytes(chunk, chunk->data(), kSpanBytes));
  return payload;
}

struct DeadSinkCase {
  const char* name;
  bool hangs;  // no answer until the attempt times out, instead of a refused connection
};

class DeadSinkTest : public ::testing::TestWithParam<DeadSinkCase> {};

// A thousand connections, one span each, each in a chunk of its own, and a sink that is down: what
// is held comes to at most 1.5 times the wire bytes, plus one open chunk.
TEST_P(DeadSinkTest, ThousandLonelySpansAreHeldInTheirOwnSize) {
  Budget budget(size_t{2} << 30);
  ChunkPool pool(budget, 0);
  DestinationOptions options = plain_options();
  options.queue.capacity = 100'000;
  Rig rig({options}, {}, &pool);
  auto& exporter = *rig.sinks[0].exporter;
  for (uint64_t i = 0; i < 3000; ++i) {
    rig.submit(lonely_span(pool, i));
    rig.run();
    if (!GetParam().hangs) {
      while (!exporter.open.empty()) exporter.answer(outcome_of(Kind::kRetry));
    }
    if (i == 2000) rig.loop.advance(250ms);
  }
  rig.loop.advance(1s);
  while (!exporter.open.empty()) exporter.answer(outcome_of(Kind::kRetry));
  rig.run();
  EXPECT_EQ(rig.held_items(), 3000u);
  EXPECT_LE(budget.used(), 3000 * kSpanBytes * 3 / 2 + kPooledChunkBytes);

  // Nothing was lost or reordered inside a batch on the way.
  for (int i = 0; i < 100 && rig.held_items() != 0; ++i) {
    while (!exporter.open.empty()) exporter.answer(Kind::kDelivered);
    rig.loop.advance(5s);
  }
  EXPECT_EQ(rig.sinks[0].seen().delivered, (ledger::Amount{3000, 3000 * kSpanBytes}));
}
INSTANTIATE_TEST_SUITE_P(All, DeadSinkTest,
                         ::testing::Values(DeadSinkCase{"Refuses", false},
                                           DeadSinkCase{"Hangs", true}),
                         [](const auto& one) { return one.param.name; });

// All of a queue was copied in one turn when its destination began to fail.
TEST(CompactorTest, LargeBacklogIsCompactedInParts) {
  Budget budget(size_t{2} << 30);
  ChunkPool pool(budget, 0);
  DestinationOptions options = plain_options();
  options.queue.capacity = 100'000;
  options.concurrency.max = 1;
  Rig rig({options}, {}, &pool);
  auto& exporter = *rig.sinks[0].exporter;
  constexpr uint64_t kRequests = 2500;
  rig.submit(lonely_span(pool, 0));
  rig.run();
  for (uint64_t i = 1; i < kRequests; ++i) rig.submit(lonely_span(pool, i));
  rig.run();
  ASSERT_EQ(exporter.open.size(), 1u);
  const size_t before = budget.used();
  ASSERT_GE(before, kRequests * kPooledChunkBytes / 2);
  while (!exporter.open.empty()) exporter.answer(outcome_of(Kind::kRetry));
  EXPECT_GT(budget.used(), before / 2) << "a part in the turn of the failure";
  rig.run();
  EXPECT_LE(budget.used(), kRequests * kSpanBytes * 3 / 2 + kPooledChunkBytes);
}

// The chunk that was being filled when the outage ended would stay reserved for ever.
TEST(CompactorTest, MemoryOfAnOutageEndsWithIt) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  Rig rig({plain_options()}, {}, &pool);
  rig.submit(lonely_span(pool, 7));
  rig.run();
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
  rig.loop.advance(10s);
  EXPECT_EQ(budget.used(), kPooledChunkBytes);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_EQ(budget.used(), 0u);
}

TEST(CompactorTest, AHealthyDestinationCopiesNothing) {
  Budget budget(64 << 20);
  ChunkPool pool(budget, 0);
  Rig rig({plain_options()}, {}, &pool);
  Payload payload = lonely_span(pool, 7);
  const uint8_t* data = payload.bytes.pieces()[0].data();
  rig.submit(std::move(payload));
  rig.run();
  EXPECT_EQ(rig.sinks[0].exporter->open.front().batch.bytes.pieces()[0].data(), data);
}

}  // namespace
}  // namespace millrace::pipeline
