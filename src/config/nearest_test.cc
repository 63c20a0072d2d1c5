#include "config/nearest.h"

#include <gtest/gtest.h>

namespace millrace::config {
namespace {

TEST(NearestTest, DistanceCountsSwapsAsOne) {
  EXPECT_EQ(edit_distance("endpoint", "endpoint"), 0u);
  EXPECT_EQ(edit_distance("endpont", "endpoint"), 1u);
  EXPECT_EQ(edit_distance("endpiont", "endpoint"), 1u);
  EXPECT_EQ(edit_distance("Endpoint", "endpoint"), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
}

TEST(NearestTest, OnlyNearNamesAreOffered) {
  const std::string_view names[] = {"endpoint", "tls", "timeout"};
  EXPECT_EQ(nearest_name("endpont", names), "endpoint");
  EXPECT_EQ(nearest_name("tsl", names), "tls");
  EXPECT_EQ(nearest_name("endpint", names), "endpoint");
  EXPECT_EQ(nearest_name("tmieuot", names), "timeout");
  EXPECT_EQ(nearest_name("compression", names), "");
}

}  // namespace
}  // namespace millrace::config
