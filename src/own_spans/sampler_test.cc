#include "own_spans/sampler.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace millrace::own_spans {
namespace {

TraceId id_of(uint64_t second_half) {
  TraceId id{};
  for (size_t i = 0; i < 8; ++i) id[15 - i] = static_cast<uint8_t>(second_half >> (8 * i));
  return id;
}

http::TraceContext parent(bool is_sampled) {
  return {.trace_id = id_of(1), .span_id = {1}, .is_sampled = is_sampled};
}

TEST(SamplerTest, TheDefaultFollowsTheParent) {
  const Sampler sampler{SamplerShares{}};
  EXPECT_TRUE(sampler.samples(std::nullopt, id_of(UINT64_MAX)));
  EXPECT_TRUE(sampler.samples(parent(true), id_of(UINT64_MAX)));
  EXPECT_FALSE(sampler.samples(parent(false), id_of(0)));
}

TEST(SamplerTest, AShareIsABoundOfTheIdsSecondHalf) {
  const Sampler half({.root = 0.5, .parent_sampled = 1, .parent_not_sampled = 0});
  EXPECT_TRUE(half.samples(std::nullopt, id_of((uint64_t{1} << 63) - 1)));
  EXPECT_FALSE(half.samples(std::nullopt, id_of(uint64_t{1} << 63)));
}

TEST(SamplerTest, NothingAndEverythingAreExact) {
  const Sampler off({.root = 0, .parent_sampled = 0, .parent_not_sampled = 0});
  const Sampler on({.root = 1, .parent_sampled = 1, .parent_not_sampled = 1});
  for (const uint64_t id : {uint64_t{0}, UINT64_MAX}) {
    EXPECT_FALSE(off.samples(std::nullopt, id_of(id)));
    EXPECT_FALSE(off.samples(parent(true), id_of(id)));
    EXPECT_TRUE(on.samples(parent(false), id_of(id)));
  }
}

TEST(SamplerTest, ATenthOfTheTracesIsATenth) {
  const Sampler sampler({.root = 0.1, .parent_sampled = 1, .parent_not_sampled = 0});
  Random random(7);
  int sampled = 0;
  for (int i = 0; i < 10'000; ++i) sampled += sampler.samples(std::nullopt, id_of(random.next()));
  EXPECT_NEAR(sampled, 1000, 100);
}

}  // namespace
}  // namespace millrace::own_spans
