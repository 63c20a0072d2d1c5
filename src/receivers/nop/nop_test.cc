#include "receivers/nop/nop.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::receivers::nop {
namespace {

TEST(NopReceiverTest, ItListensNowhereAndPullsNothing) {
  config::Diagnostics diagnostics;
  const yaml::Node nothing;
  config::Section section(nothing, diagnostics, "receivers::nop");
  const reception::ReceiverReading reading = read(section);
  section.finish();
  EXPECT_TRUE(diagnostics.all().empty());
  EXPECT_TRUE(reading.listeners.empty());
  EXPECT_FALSE(reading.pull_interval);
  EXPECT_TRUE(reading.factory->make({}).has_value());
}

TEST(NopReceiverTest, ItHasNoKeys) {
  const auto root = yaml::parse("{endpoint: a}", "a.yaml");
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "receivers::nop");
  read(section);
  section.finish();
  EXPECT_TRUE(diagnostics.has_errors());
}

}  // namespace
}  // namespace millrace::receivers::nop
