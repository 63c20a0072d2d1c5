#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <vector>

#include "twin.h"

namespace millrace::twin {
namespace {

TEST(OttlTwinTest, ProcessorsDoWhatTheNaiveEvaluatorDoes) {
  for (uint32_t seed = 1; seed <= 2000; seed++) {
    std::mt19937 random(seed);
    std::vector<uint8_t> choices(400);
    for (uint8_t& choice : choices) choice = static_cast<uint8_t>(random());
    const std::string difference = compare_once(choices);
    ASSERT_EQ(difference, "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace millrace::twin
