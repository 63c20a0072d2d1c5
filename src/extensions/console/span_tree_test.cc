#include "extensions/console/span_tree.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::extensions::console {
namespace {

// "b@1:orphan" for each span, in order.
std::string order_of(const std::vector<SpanNode>& spans) {
  std::string text;
  for (const TreePlace& place : order_as_tree(spans)) {
    text += std::string(spans[place.span].id) + std::to_string(place.depth) +
            (place.is_orphan ? "! " : " ");
  }
  return text;
}

TEST(SpanTreeTest, ChildrenStandBehindTheirParentByStart) {
  EXPECT_EQ(
      order_of({{"c", "a", 30, 40}, {"a", "", 10, 50}, {"b", "a", 20, 25}, {"d", "b", 21, 22}}),
      "a0 b1 d2 c1 ");
}

TEST(SpanTreeTest, OrphansAreRoots) {
  EXPECT_EQ(order_of({{"a", "", 10, 50}, {"o", "gone", 5, 6}, {"p", "o", 6, 7}}), "o0! p1 a0 ");
}

TEST(SpanTreeTest, CyclesOpenAtTheirEarliestSpan) {
  EXPECT_EQ(order_of({{"a", "b", 10, 50}, {"b", "a", 20, 30}, {"s", "s", 1, 2}}), "s0! a0! b1 ");
}

TEST(SpanTreeTest, SpansWithOneIdAreAllShown) {
  EXPECT_EQ(order_of({{"a", "", 1, 9}, {"a", "", 2, 9}, {"b", "a", 3, 4}}), "a0 b1 a0 ");
}

TEST(SpanTreeTest, ADeepChainNeedsNoStack) {
  std::vector<std::string> ids;
  for (int i = 0; i < 100'000; ++i) ids.push_back(std::to_string(i));
  std::vector<SpanNode> spans;
  for (size_t i = 0; i < ids.size(); ++i) {
    spans.push_back({ids[i], i == 0 ? std::string_view() : ids[i - 1], i, 200'000 - i});
  }
  const auto order = order_as_tree(spans);
  ASSERT_EQ(order.size(), spans.size());
  EXPECT_EQ(order.back().depth, 99'999u);
}

TEST(SpanTreeTest, TheCriticalPathFollowsTheChildThatEndsLast) {
  const std::vector<SpanNode> spans = {
      {"a", "", 0, 100}, {"b", "a", 1, 90}, {"c", "a", 2, 95}, {"d", "c", 3, 4}};
  EXPECT_EQ(critical_path(spans, order_as_tree(spans)), (std::vector<size_t>{0, 2, 3}));
  EXPECT_TRUE(critical_path({}, {}).empty());
}

}  // namespace
}  // namespace millrace::extensions::console
