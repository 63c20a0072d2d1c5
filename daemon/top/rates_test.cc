#include "daemon/top/rates.h"

#include <gtest/gtest.h>

namespace millrace::top {
namespace {

Sample sample_at(int64_t at_ms, int64_t sent) {
  Sample sample;
  sample.at_ms = at_ms;
  sample.destinations.push_back({.name = "a", .signal = "traces", .sent = sent});
  return sample;
}

TEST(RatesTest, ARateIsADifferenceOverTheTime) {
  EXPECT_EQ(Rates(sample_at(1000, 100), sample_at(3000, 500)).of("sent", "a/traces"), 200.0);
}

TEST(RatesTest, WhatCannotBeComparedHasNoRate) {
  EXPECT_EQ(Rates(std::nullopt, sample_at(1000, 1)).of("sent", "a/traces"), std::nullopt);
  EXPECT_EQ(Rates(sample_at(1000, 1), sample_at(1000, 9)).of("sent", "a/traces"), std::nullopt);
  EXPECT_EQ(Rates(sample_at(1000, 9), sample_at(2000, 1)).of("sent", "a/traces"), std::nullopt);
  EXPECT_EQ(Rates(sample_at(1000, 9), sample_at(2000, 9)).of("sent", "b/traces"), std::nullopt);
}

}  // namespace
}  // namespace millrace::top
