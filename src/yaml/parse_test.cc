#include "yaml/parse.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::yaml {
namespace {

Node parsed(std::string_view text) {
  auto tree = parse(text, "a.yaml");
  EXPECT_TRUE(tree.has_value()) << tree.error().message;
  return tree ? std::move(*tree) : Node{};
}

std::string error_of(std::string_view text) {
  const auto tree = parse(text, "a.yaml");
  return tree ? "no error" : tree.error().message;
}

TEST(ParseTest, EveryNodeKnowsItsPlace) {
  const Node root = parsed("receivers:\n  otlp:\n    list: [1, two]\n");
  const Node* list = root.find("receivers")->find("otlp")->find("list");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->sequence[1].place.to_text(), "a.yaml:3:15");
  EXPECT_EQ(root.mapping[0].value.mapping[0].key_place.to_text(), "a.yaml:2:3");
}

TEST(ParseTest, NothingBehindAKeyIsNull) {
  const Node root = parsed("otlp:\nother: ~\ntext: \"\"\n");
  EXPECT_EQ(root.find("otlp")->kind, Node::Kind::kNull);
  EXPECT_EQ(root.find("other")->kind, Node::Kind::kNull);
  EXPECT_EQ(root.find("text")->kind, Node::Kind::kScalar);
}

TEST(ParseTest, EmptyTextIsNull) {
  EXPECT_EQ(parsed("").kind, Node::Kind::kNull);
  EXPECT_EQ(parsed("# only a comment\n").kind, Node::Kind::kNull);
}

TEST(ParseTest, QuotedAndBlockScalarsAreMarked) {
  const Node root = parsed("a: 5\nb: \"5\"\nc: '5'\nd: |\n  5\ne: !!str 5\n");
  EXPECT_FALSE(root.find("a")->quoted);
  for (const char* key : {"b", "c", "d", "e"}) EXPECT_TRUE(root.find(key)->quoted) << key;
}

TEST(ParseTest, DuplicateKeyNamesBothPlaces) {
  EXPECT_EQ(error_of("a:\n  x: 1\n  y: 2\n  x: 3\n"),
            "a.yaml:4:3: the key \"x\" is given twice, first at a.yaml:2:3");
}

TEST(ParseTest, AliasIsACopy) {
  const Node root = parsed("a: &shared {x: 1}\nb: *shared\n");
  EXPECT_EQ(root.find("b")->find("x")->scalar, "1");
}

TEST(ParseTest, MergeKeyAddsMissingEntries) {
  const Node root = parsed("d: &d {x: 1, y: 2}\nb:\n  <<: *d\n  y: 3\n");
  EXPECT_EQ(root.find("b")->find("x")->scalar, "1");
  EXPECT_EQ(root.find("b")->find("y")->scalar, "3");
  EXPECT_EQ(root.find("b")->mapping.size(), 2u);
}

TEST(ParseTest, FirstOfSeveralMergedMappingsWins) {
  const Node root = parsed("a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b]}\n");
  EXPECT_EQ(root.find("c")->find("x")->scalar, "1");
  EXPECT_EQ(root.find("c")->find("z")->scalar, "3");
}

TEST(ParseTest, SecondDocumentIsAnError) {
  EXPECT_NE(error_of("a: 1\n---\nb: 2\n").find("a second YAML document"), std::string::npos);
}

TEST(ParseTest, DepthIsLimited) {
  const std::string deep = std::string(kDepthMax + 1, '[') + std::string(kDepthMax + 1, ']');
  EXPECT_NE(error_of(deep).find("nested deeper"), std::string::npos);
}

TEST(ParseTest, AliasesCannotMultiply) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int n = 0; n < 9; ++n) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_NE(error_of(bomb).find("too many values behind anchors"), std::string::npos)
      << error_of(bomb);
}

TEST(ParseTest, BadInputNamesThePlace) {
  const std::pair<const char*, const char*> kCases[] = {
      {"a: b: c\n", "a.yaml:1:5: not YAML"},
      {"a:\n\t- x\n", "a.yaml:2:2: not YAML: a tab in the indentation"},
      {"a:\n\tb:\n", "a.yaml:2:3: not YAML: a tab in the indentation"},
      {"a: [1, 2\n", "a.yaml:2:1: not YAML"},
      {"a: *nowhere\n", "a.yaml:1:4: not YAML"},
      {"a: &x [*x]\n", "a.yaml:1:8: an alias inside its own anchor"},
      {"? [a, b]\n: c\n", "a.yaml:1:3: a key must be text"},
      {"a: !!binary aGk=\n", "a.yaml:1:4: the YAML tag"},
      {"a: \"x\x01\"\n", "a.yaml:1:6: a control character (byte 1)"},
      {"<<: 5\n", "a.yaml:1:1: the merge key << takes a mapping"},
      {"a:\n  b:\n    c:\n   d:\n",
       "a.yaml:4:4: not YAML: indented by 3 spaces, which matches no level above: 2 (line 2) or 4 "
       "(line 3)"},
      {"a:\n- b: 1\n  c: 2\n d: 3\n",
       "a.yaml:4:2: not YAML: indented by 1 space, which matches no level above: 0 (line 1) or 2 "
       "(line 2)"},
  };
  for (const auto& [text, expected] : kCases) {
    EXPECT_TRUE(error_of(text).starts_with(expected)) << text << " gave " << error_of(text);
  }
}

}  // namespace
}  // namespace millrace::yaml
