#include "receivers/prometheus/relabel.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace millrace::receivers::prometheus {
namespace {

using Outcome = RelabelRule::Outcome;

// The labels after the rules as "a=1,b=2"; "dropped", "too long".
std::string after(const LabelList& labels, std::vector<RelabelOptions> options) {
  LabelSet set;
  for (const auto& [name, value] : labels) set.set(name, value);
  std::vector<RelabelRule> rules;
  for (RelabelOptions& one : options) rules.push_back(*RelabelRule::make(std::move(one)));
  switch (relabel(rules, set)) {
    case Outcome::kDropped:
      return "dropped";
    case Outcome::kTooLong:
      return "too long";
    case Outcome::kKept:
      break;
  }
  set.sort();
  std::string text;
  for (const Label& label : set.all()) {
    if (!text.empty()) text += ",";
    text += std::string(label.name) + "=" + std::string(label.value);
  }
  return text;
}

TEST(RelabelTest, ReplaceExpandsGroupsInNameAndValue) {
  const LabelList labels = {{"a", "foo"}, {"b", "bar"}};
  EXPECT_EQ(after(labels, {{.source_labels = {"a", "b"},
                            .regex = "f(.*);(?P<rest>.*)r",
                            .target_label = "c",
                            .replacement = "x${1}-$rest$$"}}),
            "a=foo,b=bar,c=xoo-ba$");
  EXPECT_EQ(after(labels, {{.source_labels = {"a"},
                            .regex = "(f).*",
                            .target_label = "${1}_n",
                            .replacement = "$1x"}}),
            "a=foo,b=bar")
      << "$1x is a group that there is not, and an empty value removes";
  EXPECT_EQ(after(labels, {{.source_labels = {"a"}, .regex = "fo", .target_label = "c"}}),
            "a=foo,b=bar")
      << "a part of the text is no match";
  EXPECT_EQ(after(labels, {{.source_labels = {"a"}, .target_label = "b", .replacement = ""}}),
            "a=foo");
}

TEST(RelabelTest, KeepAndDropLookAtTheWholeText) {
  const LabelList labels = {{"a", "foo"}, {"b", "foo"}, {"c", "two\nlines"}};
  const auto with = [](RelabelAction action, std::string source, std::string regex) {
    return RelabelOptions{
        .action = action, .source_labels = {std::move(source)}, .regex = std::move(regex)};
  };
  EXPECT_EQ(after(labels, {with(RelabelAction::kDrop, "a", "fo")}), "a=foo,b=foo,c=two\nlines");
  EXPECT_EQ(after(labels, {with(RelabelAction::kDrop, "a", "fo|foo")}), "dropped");
  EXPECT_EQ(after(labels, {with(RelabelAction::kKeep, "a", "x")}), "dropped");
  EXPECT_EQ(after(labels, {with(RelabelAction::kDrop, "c", "two.*")}), "dropped")
      << "'.' is the end of a line, too";
  EXPECT_EQ(
      after(labels,
            {{.action = RelabelAction::kDropEqual, .source_labels = {"a"}, .target_label = "b"}}),
      "dropped");
  EXPECT_EQ(
      after(labels,
            {{.action = RelabelAction::kKeepEqual, .source_labels = {"a"}, .target_label = "c"}}),
      "dropped");
}

TEST(RelabelTest, NamesAreMappedAndDropped) {
  const LabelList labels = {{"__meta_x", "1"}, {"__meta_y", "2"}, {"z", "3"}};
  EXPECT_EQ(after(labels, {{.action = RelabelAction::kLabelMap, .regex = "__meta_(.+)"}}),
            "__meta_x=1,__meta_y=2,x=1,y=2,z=3");
  EXPECT_EQ(after(labels, {{.action = RelabelAction::kLabelDrop, .regex = "__meta_.*"}}), "z=3");
  EXPECT_EQ(after(labels, {{.action = RelabelAction::kLabelKeep, .regex = "z|__meta_x"}}),
            "__meta_x=1,z=3");
}

TEST(RelabelTest, HashAndCase) {
  const LabelList labels = {{"a", "foo"}, {"b", "bar"}, {"c", "baz"}};
  // The value that Prometheus's own tests have for it.
  EXPECT_EQ(after(labels, {{.action = RelabelAction::kHashMod,
                            .source_labels = {"c"},
                            .modulus = 1000,
                            .target_label = "d"}}),
            "a=foo,b=bar,c=baz,d=976");
  EXPECT_EQ(
      after({{"a", "Äb"}},
            {{.action = RelabelAction::kUppercase, .source_labels = {"a"}, .target_label = "a"}}),
      "a=ÄB");
  EXPECT_EQ(
      after({{"a", "ÄB"}},
            {{.action = RelabelAction::kLowercase, .source_labels = {"a"}, .target_label = "a"}}),
      "a=äb");
}

TEST(RelabelTest, DoublingATextAgainAndAgainEnds) {
  std::vector<RelabelOptions> doubling(
      40, {.source_labels = {"a"}, .regex = "(.*)", .target_label = "a", .replacement = "$1$1"});
  EXPECT_EQ(after({{"a", "x"}}, doubling), "too long");
}

TEST(RelabelTest, ABadExpressionIsAnError) { EXPECT_FALSE(RelabelRule::make({.regex = "("})); }

}  // namespace
}  // namespace millrace::receivers::prometheus
