#include "assembly/redaction_rules.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::assembly {
namespace {

uint64_t hash_of(std::string_view text) {
  return hash_of_rules("redaction", *yaml::parse(text, "a.yaml"));
}

TEST(RedactionRulesTest, OtherRulesHaveAnotherHash) {
  EXPECT_EQ(hash_of("{blocked_values: [a, b]}"), hash_of("blocked_values:\n  - a\n  - b\n"));
  EXPECT_NE(hash_of("{blocked_values: [a, b]}"), hash_of("{blocked_values: [ab]}"));
  EXPECT_NE(hash_of("{blocked_values: [a]}"), hash_of("{blocked_values: a}"));
  EXPECT_NE(hash_of(""), 0u);
  EXPECT_EQ(hash_of_rules("transform", *yaml::parse("{a: b}", "a.yaml")), 0u);
}

TEST(RedactionRulesTest, WhereARedactionStandsCounts) {
  Plan plan;
  plan.processors = {{.id = "batch"}, {.id = "redaction", .rules_hash = 7}};
  plan.pipelines = {{.signal = Signal::kTraces, .id = "traces", .processors = {0}},
                    {.signal = Signal::kTraces, .id = "traces/2", .processors = {}}};
  EXPECT_EQ(hash_of_redaction(plan), 0u);
  plan.pipelines[0].processors = {0, 1};
  const uint64_t first = hash_of_redaction(plan);
  EXPECT_NE(first, 0u);
  plan.pipelines[1].processors.swap(plan.pipelines[0].processors);
  EXPECT_NE(hash_of_redaction(plan), first);
}

}  // namespace
}  // namespace millrace::assembly
