#include "daemon/tap/tap_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace millrace::tap {
namespace {

JsonAnswer parse(std::string_view text) {
  setenv("TZ", "UTC", 1);
  tzset();
  auto answer = JsonAnswer::parse(text);
  EXPECT_TRUE(answer) << answer.error().message;
  return *std::move(answer);
}

TEST(TapTextTest, ASampleShowsTheDifference) {
  const auto sample = parse(R"({"at_ms":1000,"items_before":3,"items_after":2,
      "counts":{"same":1,"changed":1,"added":0,"removed":1},"more_items":4,"items":[
      {"change":"changed","name":"GET /","service":"shop","trace_id":"ab","fields":[
        {"path":"attributes[\"a\"]","change":"changed","before":"1","after":"2","rule":2},
        {"path":"attributes[\"b\"]","change":"removed","before":"\u001b[2J","after":null,"rule":null},
        {"path":"name","change":"same","before":null,"after":"GET /","rule":null}]},
      {"change":"removed","name":"health","service":"","trace_id":"","fields":[],"is_cut":true}]})");
  EXPECT_EQ(sample_lines(sample, ShownFields::kAll, {}),
            (Lines{"00:00:01.000  3 -> 2 items, 1 changed, 1 removed", "~ GET /  shop  trace ab",
                   "  ~ attributes[\"a\"]: 1 -> 2   (rule 2)", "  - attributes[\"b\"]: \\u001b[2J",
                   "    name: GET /", "- health", "  ...", "4 more items"}));
}

TEST(TapTextTest, FieldsThatAreTheSameMayBeLeftOut) {
  const auto sample = parse(R"({"items":[{"name":"n","change":"changed","fields":[
      {"path":"a","change":"same","after":"1"},{"path":"b","change":"added","after":"2"}]}]})");
  const Lines lines = sample_lines(sample, ShownFields::kChanged, {});
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[2], "  + b: 2");
}

TEST(TapTextTest, EdgesAreListedAndNamed) {
  const auto edge = parse(R"json({"edge":"traces@1","signal":"traces",
                              "processor":"transform","rules":["set(name, \"x\")"]})json");
  EXPECT_EQ(edge_lines(edge, {}),
            (Lines{"traces@1, traces, behind transform", "rule 1: set(name, \"x\")"}));
  const auto edges = parse(R"({"edges":[{"edge":"traces@0","signal":"traces","processor":"",
                               "closed":"a redaction follows"}]})");
  EXPECT_EQ(edge_list_lines(edges, {}).at(1),
            "traces@0  traces  the receivers  a redaction follows");
}

TEST(TapTextTest, LinesFitTheTerminal) {
  const auto sample =
      parse(R"({"items":[{"name":"a long name of an operation","change":"added"}]})");
  EXPECT_EQ(sample_lines(sample, ShownFields::kAll, {.width = 10}).at(1), "+ a long …");
}

}  // namespace
}  // namespace millrace::tap
