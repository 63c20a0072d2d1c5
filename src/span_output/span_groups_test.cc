#include "span_output/span_groups.h"

#include <gtest/gtest.h>

#include <string>

#include "otlp/json/encode.h"
#include "span_output/attribute_writer.h"

namespace millrace::span_output {
namespace {

struct Scene {
  Budget budget{8 << 20};
  ChunkPool pool{budget, 0};
  Pace pace;
  Work work{pool, pace};
  SpanGroups groups{work, 1 << 20};

  SpanGroups::Head head(std::string_view resource, std::string_view scope) {
    groups.begin_head();
    EXPECT_TRUE(groups.heads().need(16));
    const auto mark = groups.heads().open(1, size_t{1});
    EXPECT_TRUE(write_string_attribute(groups.heads(), 1, "r", resource));
    EXPECT_TRUE(groups.heads().close(mark));
    groups.end_resource();
    EXPECT_TRUE(groups.heads().need(16));
    const auto of_scope = groups.heads().open(1, size_t{1});
    EXPECT_TRUE(write_text(groups.heads(), 1, scope));
    EXPECT_TRUE(groups.heads().close(of_scope));
    return groups.end_head();
  }
  void span(const SpanGroups::Head& head, std::string_view name) {
    groups.begin_span();
    EXPECT_TRUE(groups.spans().need(16));
    const auto mark = groups.spans().open(2, size_t{1});
    EXPECT_TRUE(write_text(groups.spans(), 5, name));
    EXPECT_TRUE(groups.spans().close(mark));
    EXPECT_TRUE(groups.end_span(head));
  }
  std::string json() {
    Bytes whole;
    EXPECT_TRUE(groups.finish(&whole));
    std::string text;
    EXPECT_TRUE(otlp::json::encode_request(Signal::kTraces, whole.view(), &text));
    return text;
  }
};

// The names of spans in the order of the text, with a bar in front of each scope.
std::string order_of(const std::string& json) {
  std::string order;
  for (size_t at = 0; at < json.size(); ++at) {
    if (json.compare(at, 7, "\"scope\"") == 0) order += '|';
    if (json.compare(at, 8, "\"name\":\"") == 0 && json[at + 9] == '"') order += json[at + 8];
  }
  return order;
}

TEST(SpanGroupsTest, SpansOfOneResourceAndScopeStandTogetherInTheirOrder) {
  Scene scene;
  scene.span(scene.head("1", "scope-x"), "a");
  scene.span(scene.head("2", "scope-x"), "b");
  scene.span(scene.head("1", "scope-y"), "c");
  scene.span(scene.head("1", "scope-x"), "d");
  EXPECT_EQ(order_of(scene.json()), "|ad|c|b");
}

TEST(SpanGroupsTest, AHeadThatFollowsItselfIsKeptOnce) {
  Scene scene;
  const SpanGroups::Head first = scene.head("1", "scope-x");
  scene.span(first, "a");
  EXPECT_EQ(scene.head("1", "scope-x").offset, first.offset);
  EXPECT_NE(scene.head("1", "scope-y").offset, first.offset);
}

TEST(SpanGroupsTest, WithoutSpansThereIsNothing) {
  Scene scene;
  scene.head("1", "scope-x");
  Bytes whole;
  EXPECT_TRUE(scene.groups.finish(&whole));
  EXPECT_TRUE(whole.empty());
}

TEST(SpanGroupsTest, MoreThanTheLimitIsSaid) {
  Scene scene;
  SpanGroups groups(scene.work, 40);
  groups.begin_head();
  groups.end_resource();
  const SpanGroups::Head head = groups.end_head();
  for (int i = 0; i < 2; ++i) {
    groups.begin_span();
    ASSERT_TRUE(write_text(groups.spans(), 2, "12"));
    ASSERT_TRUE(groups.end_span(head));
  }
  Bytes whole;
  EXPECT_TRUE(groups.finish(&whole));
  EXPECT_FALSE(write_text(groups.spans(), 2, "123456789012345678901234567890"));
  EXPECT_EQ(groups.spans().room_failure(), ChunkBuffer::Room::kLimit);
}

}  // namespace
}  // namespace millrace::span_output
