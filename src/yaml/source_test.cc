#include "yaml/source.h"

#include <gtest/gtest.h>

#include <map>

#include "yaml/scalar.h"

namespace millrace::yaml {
namespace {

class SourceTest : public testing::Test {
 protected:
  World world() {
    return {[this](const std::string& name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              if (found == variables.end()) return std::nullopt;
              return found->second;
            },
            [this](const std::string& path) -> Result<std::string> {
              const auto found = files.find(path);
              if (found == files.end()) return fail(Code::kNotFound, path + ": no such file");
              return found->second;
            }};
  }
  Node loaded(std::vector<std::string> configs, std::vector<std::string> sets = {}) {
    auto root = load({std::move(configs), std::move(sets)}, world(), warnings);
    EXPECT_TRUE(root.has_value()) << root.error().message;
    return root ? std::move(*root) : Node{};
  }
  std::string error_of(std::vector<std::string> configs, std::vector<std::string> sets = {}) {
    const auto root = load({std::move(configs), std::move(sets)}, world(), warnings);
    return root ? "no error" : root.error().message;
  }
  // Loads a file whose only value is `text` and returns the node of that value.
  Node value(const std::string& text) {
    files["a.yaml"] = "v: " + text + "\n";
    return *loaded({"a.yaml"}).find("v");
  }

  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> files;
  std::vector<Finding> warnings;
};

TEST_F(SourceTest, LaterConfigsOverrideEarlierOnes) {
  files["a.yaml"] = "m: {x: 1, y: {z: 2}}\nl: [1, 2]\n";
  files["b.yaml"] = "m: {y: {w: 3}, x: 4}\nl: [5]\nn: new\n";
  const Node root = loaded({"a.yaml", "file:b.yaml"});
  EXPECT_EQ(root.find("m")->find("x")->scalar, "4");
  EXPECT_EQ(root.find("m")->find("y")->find("z")->scalar, "2");
  EXPECT_EQ(root.find("m")->find("y")->find("w")->place.to_text(), "b.yaml:1:12");
  EXPECT_EQ(root.find("l")->sequence.size(), 1u);
}

TEST_F(SourceTest, NullReplacesAMapping) {
  const Node root = loaded({"yaml:{m: {x: 1}}", "yaml:m:"});
  EXPECT_EQ(root.find("m")->kind, Node::Kind::kNull);
}

TEST_F(SourceTest, YamlSourceNestsItsKeys) {
  const Node root = loaded({"yaml:processors::batch::timeout: 2s", "yaml:processors::other: 1"});
  EXPECT_EQ(root.find("processors")->find("batch")->find("timeout")->scalar, "2s");
  EXPECT_EQ(root.find("processors")->find("other")->scalar, "1");
}

TEST_F(SourceTest, EnvironmentHoldsAWholeConfig) {
  variables["CONFIG"] = "a: 1";
  EXPECT_EQ(loaded({"env:CONFIG"}).find("a")->place.to_text(), "env:CONFIG:1:4");
}

TEST_F(SourceTest, SetOverridesConfigs) {
  const Node root = loaded({"yaml:a: {b: {c: 1, d: 2}}"}, {"a.b.c=5", "x=[1, 2]"});
  EXPECT_EQ(root.find("a")->find("b")->find("c")->scalar, "5");
  EXPECT_EQ(root.find("a")->find("b")->find("d")->scalar, "2");
  EXPECT_EQ(root.find("a")->find("b")->find("c")->place.to_text(), "--set a.b.c");
  EXPECT_EQ(root.find("x")->sequence.size(), 2u);
}

TEST_F(SourceTest, BuiltInIsUsedWithoutConfigs) {
  const auto alone = load({{}, {"a.c=2"}, "a: {b: 1}"}, world(), warnings);
  EXPECT_EQ(alone->find("a")->mapping.size(), 2u);
  const auto beside = load({{"yaml:x: 1"}, {}, "a: {b: 1}"}, world(), warnings);
  EXPECT_EQ(beside->find("a"), nullptr);
}

TEST_F(SourceTest, BadSourcesAreNamed) {
  EXPECT_EQ(error_of({"none.yaml"}), "--config none.yaml: none.yaml: no such file");
  EXPECT_NE(error_of({"https://x/y.yaml"}).find("not supported here"), std::string::npos);
  EXPECT_NE(error_of({"s3:bucket"}).find("unknown source \"s3\""), std::string::npos);
  EXPECT_NE(error_of({"env:NONE"}).find("is not set"), std::string::npos);
  EXPECT_NE(error_of({"yaml:[1]"}).find("must be a mapping"), std::string::npos);
  EXPECT_NE(error_of({}, {"novalue"}).find("expected key=value"), std::string::npos);
}

TEST_F(SourceTest, WholeScalarTakesTheTypeOfItsText) {
  variables = {{"PORT", "0123"}, {"MAP", "{a: 1}"}, {"TEXT", "\"x\""}, {"BAD", "a: b: c"}};
  EXPECT_EQ(to_integer(value("${env:PORT}")), 83);
  EXPECT_EQ(value("\"${PORT}\"").original, "0123");
  EXPECT_EQ(value("${MAP}").find("a")->scalar, "1");
  EXPECT_EQ(value("${MAP}").original, "{a: 1}");
  EXPECT_EQ(value("${TEXT}").scalar, "\"x\"");
  EXPECT_EQ(value("\"${BAD}\"").scalar, "a: b: c");
  EXPECT_EQ(value("${PORT}").place.to_text(), "a.yaml:1:4");
}

TEST_F(SourceTest, EmbeddedIsText) {
  variables = {{"HOST", "localhost"}, {"PORT", "4317"}};
  const Node node = value("\"${HOST}:${env:PORT}\"");
  EXPECT_EQ(node.scalar, "localhost:4317");
  EXPECT_EQ(to_integer(value("1${PORT}")), std::nullopt);
}

TEST_F(SourceTest, DefaultOnlyWhenUnset) {
  variables = {{"EMPTY", ""}, {"SET", "x"}};
  EXPECT_EQ(value("${env:NONE:-5}").scalar, "5");
  EXPECT_EQ(value("${NONE:-d}").scalar, "d");
  EXPECT_EQ(value("${env:SET:-d}").scalar, "x");
  EXPECT_EQ(value("${env:EMPTY:-d}").kind, Node::Kind::kNull);
  EXPECT_TRUE(warnings.empty());
}

TEST_F(SourceTest, UnsetWithoutDefaultIsNullAndWarns) {
  EXPECT_EQ(value("${env:NONE}").kind, Node::Kind::kNull);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].place.to_text(), "a.yaml:1:4");
  EXPECT_EQ(warnings[0].message, "the environment variable NONE is not set");
  EXPECT_EQ(value("a${env:NONE}b").scalar, "ab");
}

TEST_F(SourceTest, InnerReferencesAreExpandedFirst) {
  variables = {{"NAME", "INNER"}, {"INNER", "x"}, {"AGAIN", "${env:INNER}"}};
  EXPECT_EQ(value("${env:${env:NAME}}").scalar, "x");
  EXPECT_EQ(value("${env:NONE:-${env:INNER}}").scalar, "x");
  EXPECT_EQ(value("${env:AGAIN}").scalar, "x");
  EXPECT_EQ(value("a${env:AGAIN}").scalar, "ax");
}

TEST_F(SourceTest, DollarsAreEscaped) {
  variables = {{"X", "x"}};
  EXPECT_EQ(value("$${X}").scalar, "${X}");
  EXPECT_EQ(value("$$${X}").scalar, "$x");
  EXPECT_EQ(value("a$b").scalar, "a$b");
  EXPECT_EQ(value("$$").scalar, "$");
  EXPECT_EQ(value("\"${X\"").scalar, "${X");
}

TEST_F(SourceTest, FilesAndYamlAreSources) {
  files["token"] = "secret\n";
  files["part.yaml"] = "a: 1\nb: [x]\n";
  EXPECT_EQ(value("${file:token}").scalar, "secret");
  EXPECT_EQ(value("${file:part.yaml}").find("b")->place.to_text(), "part.yaml:2:4");
  EXPECT_EQ(value("\"${yaml:[1, 2]}\"").sequence.size(), 2u);
}

TEST_F(SourceTest, BadReferencesAreNamed) {
  const std::pair<const char*, const char*> kCases[] = {
      {"${file:none}", "a.yaml:1:4: ${file:none}: none: no such file"},
      {"${1X}", "a.yaml:1:4: \"1X\" is not the name of an environment variable"},
      {"${}", "a.yaml:1:4: \"\" is not the name of an environment variable"},
      {"${https:x}", "a.yaml:1:4: ${https:x}: reading configuration over https"},
      {"${vault:x}", "a.yaml:1:4: ${vault:x}: unknown source \"vault\""},
  };
  for (const auto& [text, expected] : kCases) {
    files["a.yaml"] = "v: " + std::string(text) + "\n";
    EXPECT_TRUE(error_of({"a.yaml"}).starts_with(expected)) << error_of({"a.yaml"});
  }
}

TEST_F(SourceTest, SelfReferenceEnds) {
  variables = {{"LOOP", "${env:LOOP}"}, {"GROW", "x${env:GROW}${env:GROW}"}};
  files["a.yaml"] = "v: ${env:LOOP}\n";
  EXPECT_NE(error_of({"a.yaml"}), "no error");
  files["a.yaml"] = "v: ${env:GROW}\n";
  EXPECT_NE(error_of({"a.yaml"}), "no error");
}

}  // namespace
}  // namespace millrace::yaml
