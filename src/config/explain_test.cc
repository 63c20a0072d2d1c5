#include "config/explain.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::config {
namespace {

// The explanations of the keys of one section.
std::string explained(std::string_view text, void (*read)(Section&)) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value());
  Diagnostics diagnostics;
  Section section(*root, diagnostics, "");
  read(section);
  section.finish();
  return explain(*root, diagnostics);
}

TEST(ExplainTest, EachKeyHasOneMeaning) {
  EXPECT_EQ(explained("a: 1\nb: 2\nc: 3\nd: 4\nee: 5\n",
                      [](Section& section) {
                        int64_t number = 0;
                        section.integer("a", &number);
                        section.means("b", "two");
                        section.integer("b", &number);
                        section.ignored("c", "three is not there");
                        section.unsupported("d", "four is not there");
                        section.means("e", "five");
                      }),
            "a.yaml:1:1  same           a\n"
            "a.yaml:2:1  means          b: two\n"
            "a.yaml:3:1  ignored        c: three is not there\n"
            "a.yaml:4:1  not supported  d: four is not there\n"
            "a.yaml:5:1  unknown        ee: unknown key \"ee\"; known here: a, b, c\n"
            "5 keys: 1 same, 1 means, 1 ignored, 1 not supported, 1 unknown\n");
}

TEST(ExplainTest, SectionsAreExplainedByTheirKeys) {
  EXPECT_EQ(explained("a: {b: 1, list: [{c: 1}, {c: 2}]}\nwhole: {x: 1}\n",
                      [](Section& section) {
                        section.section("a", [](Section& a) {
                          int64_t number = 0;
                          a.integer("b", &number);
                          a.section_list("list", [](Section& each) { each.ignored("c", "no"); });
                        });
                        section.find("whole");
                      }),
            "a.yaml:1:5   same           a::b\n"
            "a.yaml:1:19  ignored        a::list[0]::c: no\n"
            "a.yaml:1:27  ignored        a::list[1]::c: no\n"
            "a.yaml:2:1   same           whole\n"
            "4 keys: 2 same, 0 means, 2 ignored, 0 not supported, 0 unknown\n");
}

TEST(ExplainTest, NothingIsNoKeys) {
  EXPECT_EQ(explained("", [](Section&) {}),
            "0 keys: 0 same, 0 means, 0 ignored, 0 not supported, 0 unknown\n");
}

}  // namespace
}  // namespace millrace::config
