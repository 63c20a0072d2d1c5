#include "recent/edge_taps.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace millrace::recent {
namespace {

Rope rope(std::string_view text) { return Rope(Bytes::copy_of(text)); }

pipeline::Trail trail(std::vector<Rope> bytes) {
  pipeline::Trail made;
  for (Rope& each : bytes) {
    const size_t position = made.points.size();
    made.points.push_back({.position = position, .item_count = 1, .bytes = std::move(each)});
  }
  return made;
}

TEST(EdgeTapsTest, NothingIsKeptWhileNobodyLooks) {
  Budget budget(64 << 20);
  EdgeTaps taps(budget, 2);
  taps.add(0, trail({rope("a")}), WallTime(1s));
  EXPECT_EQ(taps.numbers(0).newest, 0u);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(EdgeTapsTest, APointIsKeptWithTheOneInFrontOfIt) {
  Budget budget(64 << 20);
  EdgeTaps taps(budget, 2);
  const EdgeTaps::Watch watch(taps, 1, 2);
  EXPECT_EQ(taps.watched_points(0).load(), 0u);
  taps.add(1, trail({rope("in"), rope("one"), rope("two"), rope("three")}), WallTime(1s));
  const auto samples = taps.newer_than(1, 0);
  ASSERT_EQ(samples.size(), 1u);
  ASSERT_EQ(samples[0]->points.size(), 2u);
  EXPECT_EQ(samples[0]->point(1)->bytes.text(), "one");
  EXPECT_EQ(samples[0]->point(2)->bytes.text(), "two");
  EXPECT_EQ(samples[0]->point(3), nullptr);
  EXPECT_EQ(budget.used(MemoryTerm::kRecent), samples[0]->memory.bytes());
}

TEST(EdgeTapsTest, BytesThatNoProcessorChangedAreCopiedOnce) {
  Budget budget(64 << 20);
  EdgeTaps taps(budget, 1);
  const EdgeTaps::Watch watch(taps, 0, 1);
  const Rope same = rope(std::string(3000, 'x'));
  taps.add(0, trail({same, same}), WallTime(1s));
  const auto samples = taps.newer_than(0, 0);
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0]->point(0)->bytes.data(), samples[0]->point(1)->bytes.data());
  EXPECT_LT(budget.used(), 4000u);
}

TEST(EdgeTapsTest, TheLastThatLooksEmptiesThePipeline) {
  Budget budget(64 << 20);
  EdgeTaps taps(budget, 1);
  std::optional<EdgeTaps::Watch> first(std::in_place, taps, 0, 0);
  std::optional<EdgeTaps::Watch> second(std::in_place, taps, 0, 0);
  taps.add(0, trail({rope("a")}), WallTime(1s));
  first.reset();
  EXPECT_EQ(taps.watched_points(0).load(), 1u);
  EXPECT_EQ(taps.newer_than(0, 0).size(), 1u);
  second.reset();
  EXPECT_EQ(taps.watched_points(0).load(), 0u);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(EdgeTapsTest, SamplesAreBoundedInNumberAndBytes) {
  Budget budget(64 << 20);
  EdgeTaps taps(budget, 1);
  const EdgeTaps::Watch watch(taps, 0, 0);
  for (int i = 0; i < 100; ++i) taps.add(0, trail({rope("a")}), WallTime(1s));
  EXPECT_EQ(taps.newer_than(0, 0).size(), EdgeTaps::kSamplesMax);
  EXPECT_EQ(taps.newer_than(0, 98).size(), 2u);
  for (int i = 0; i < 20; ++i) taps.add(0, trail({rope(std::string(2 << 20, 'x'))}), WallTime(1s));
  EXPECT_LE(budget.used(), EdgeTaps::kBytesMax);
  taps.add(0, trail({rope(std::string(5 << 20, 'x'))}), WallTime(1s));
  EXPECT_EQ(taps.numbers(0).too_large_requests, 1u);
  EXPECT_EQ(taps.numbers(0).sampled_requests, 120u);
  EXPECT_TRUE(taps.give_back());
  EXPECT_EQ(budget.used(), 0u);
}

TEST(EdgeTapsTest, ALargeSampleIsCopiedAPartAtATime) {
  Budget budget(64 << 20);
  EdgeTaps taps(budget, 1);
  const EdgeTaps::Watch watch(taps, 0, 1);
  Rope pieces = rope(std::string(700, 'a'));
  pieces.append(rope(std::string(300, 'b')));
  EdgeTaps::Copying copying(taps, 0, trail({pieces, rope(std::string(500, 'c'))}), WallTime(1s));
  for (int part = 0; part < 3; ++part) {
    EXPECT_TRUE(taps.newer_than(0, 0).empty());
    EXPECT_EQ(copying.proceed(400), 400u);
  }
  EXPECT_EQ(copying.proceed(400), 300u);
  EXPECT_TRUE(copying.is_done());
  const auto samples = taps.newer_than(0, 0);
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0]->point(0)->bytes.text(), std::string(700, 'a') + std::string(300, 'b'));
  EXPECT_EQ(samples[0]->point(1)->bytes.text(), std::string(500, 'c'));
}

TEST(EdgeTapsTest, AShortBudgetIsLeftToMessages) {
  Budget budget(100'000);
  EdgeTaps taps(budget, 1);
  const EdgeTaps::Watch watch(taps, 0, 0);
  ASSERT_TRUE(budget.try_reserve(MemoryTerm::kMessages, 87'000));
  taps.add(0, trail({rope(std::string(2000, 'x'))}), WallTime(1s));
  EXPECT_EQ(taps.numbers(0).too_large_requests, 1u);
  budget.release(MemoryTerm::kMessages, 87'000);
}

}  // namespace
}  // namespace millrace::recent
