#include "rules/tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::rules {
namespace {

using ::testing::HasSubstr;

TEST(TallyTest, NamesARuleThatMatchedNothingInAMillionItemsOnce) {
  std::string lines;
  Logger log({}, [&](std::string_view line) { lines += line; }, [] { return 0; });
  metrics::Registry registry;
  Tally tally({"transform/a", Signal::kLogs, {"first", "second"}}, registry, log);
  std::vector<RuleCount> counts(2);
  for (int i = 0; i < 12; i++) {
    EXPECT_EQ(lines.empty(), i < 10);
    counts[0] = {.evaluated = 100'000};
    counts[1] = {.evaluated = 100'000, .matched = i == 0 ? 1u : 0u};
    tally.add(counts);
    EXPECT_EQ(counts[0].evaluated, 0u);
  }
  EXPECT_THAT(lines, HasSubstr("has matched nothing"));
  EXPECT_THAT(lines, HasSubstr("first"));
  EXPECT_EQ(lines.find("second"), std::string::npos);
  EXPECT_EQ(lines.find("first"), lines.rfind("first"));
}

TEST(TallyTest, ShowsTheFirstRules) {
  Logger log({}, {}, [] { return 0; });
  metrics::Registry registry;
  Tally tally({"transform/a", Signal::kLogs, {"first", "second"}, 1}, registry, log);
  std::vector<RuleCount> counts = {{3, 2, 1, 0}, {3, 2, 1, 0}};
  tally.add(counts);
  const std::string text = registry.to_prometheus_text();
  EXPECT_THAT(text, HasSubstr("millrace_ottl_changes{number=\"1\",processor=\"transform/a\","
                              "signal=\"logs\",statement=\"first\"} 1"));
  EXPECT_EQ(text.find("second"), std::string::npos);
}

}  // namespace
}  // namespace millrace::rules
