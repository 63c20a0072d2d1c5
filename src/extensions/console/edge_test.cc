#include "extensions/console/edge.h"

#include <gtest/gtest.h>

namespace millrace::extensions::console {
namespace {

Facts facts() {
  Facts facts;
  facts.pipelines.push_back({.signal = Signal::kTraces,
                             .id = "traces/a@b",
                             .processors = {"batch", "redaction", "attributes/region"},
                             .steps = {0, 0, 1, 2},
                             .open_from = 2});
  return facts;
}

std::string named(std::string_view name) {
  const auto edge = find_edge(facts(), name);
  return edge ? edge_name(facts(), *edge) : "none: " + edge.error().message;
}

TEST(ConsoleEdgeTest, PointsHaveNumbersAndNames) {
  EXPECT_EQ(named("traces/a@b@0"), "traces/a@b@0");
  EXPECT_EQ(named("traces/a@b@in"), "traces/a@b@0");
  EXPECT_EQ(named("traces/a@b@out"), "traces/a@b@3");
  EXPECT_EQ(named("traces/a@b@redaction"), "traces/a@b@2");
  EXPECT_EQ(named("traces/a@b@attributes/region"), "traces/a@b@3");
}

TEST(ConsoleEdgeTest, AnErrorSaysWhatThereIs) {
  EXPECT_EQ(named("logs@in"), "none: no pipeline \"logs\"; there are: traces/a@b");
  EXPECT_TRUE(named("traces/a@b@4")
                  .ends_with("there are 0 to 3 and: in out batch redaction attributes/region"))
      << named("traces/a@b@4");
}

TEST(ConsoleEdgeTest, PointsBeforeARedactionAreClosed) {
  EXPECT_TRUE(why_closed(facts(), {.pipeline = 0, .point = 1})->contains("show_before_redaction"));
  EXPECT_FALSE(why_closed(facts(), {.pipeline = 0, .point = 2}));
}

}  // namespace
}  // namespace millrace::extensions::console
