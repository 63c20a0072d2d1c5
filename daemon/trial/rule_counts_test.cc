#include "daemon/trial/rule_counts.h"

#include <gtest/gtest.h>

#include "metrics/registry.h"

namespace millrace::trial {
namespace {

TEST(RuleCountsTest, ReadsWhatTheRegistryHas) {
  metrics::Registry registry;
  const auto add = [&](std::string_view name, std::string number, std::string rule,
                       uint64_t count) {
    registry
        .counter(name, "Help.",
                 {{"processor", "transform"},
                  {"number", std::move(number)},
                  {"statement", std::move(rule)}})
        .add(count);
  };
  add("millrace_ottl_matches", "10", "tenth", 3);
  add("millrace_ottl_matches", "2", "set(name, \"a\\b\"),\nnext {", 7);
  add("millrace_ottl_changes", "2", "set(name, \"a\\b\"),\nnext {", 5);
  add("millrace_ottl_errors", "10", "tenth", 1);
  registry.counter("other", "Help.", {{"statement", "not"}}).add(9);
  const std::vector<RuleCounts> counts = rule_counts(registry.snapshot());
  ASSERT_EQ(counts.size(), 3u);  // and the one without a number
  EXPECT_EQ(counts[1].rule, "set(name, \"a\\b\"),\nnext {");
  EXPECT_EQ(counts[1].matches, 7u);
  EXPECT_EQ(counts[1].changes, 5u);
  EXPECT_EQ(counts[2].rule, "tenth");
  EXPECT_EQ(counts[2].matches, 3u);
  EXPECT_EQ(counts[2].errors, 1u);
}

}  // namespace
}  // namespace millrace::trial
