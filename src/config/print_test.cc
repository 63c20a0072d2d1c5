#include "config/print.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::config {
namespace {

std::string printed(std::string_view text, PrintFormat format, SecretMode mode,
                    const Diagnostics& diagnostics = {}) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value());
  return print(*root, diagnostics, format, mode);
}

TEST(PrintTest, MarkedAndSoundingSecretsAreHidden) {
  Diagnostics diagnostics;
  diagnostics.mark_secret("e::x::hidden");
  const std::string_view text =
      "e:\n  x:\n    hidden: abc\n    shown: abc\n    headers: {a: b}\n    password: p\n";
  EXPECT_EQ(printed(text, PrintFormat::kYaml, SecretMode::kRedacted, diagnostics),
            "e:\n    x:\n        hidden: '[REDACTED]'\n        shown: abc\n        headers:\n"
            "            a: '[REDACTED]'\n        password: '[REDACTED]'\n");
  EXPECT_NE(
      printed(text, PrintFormat::kYaml, SecretMode::kUnredacted, diagnostics).find("hidden: abc"),
      std::string::npos);
}

TEST(PrintTest, KeysInUrlsAreHidden) {
  const std::string_view text =
      "e:\n  traces_endpoint: https://user:s3cret@host/v1?key=s3cret\n  list: "
      "['http://h/?s3cret']\n";
  for (const PrintFormat format : {PrintFormat::kYaml, PrintFormat::kJson}) {
    const std::string hidden = printed(text, format, SecretMode::kRedacted);
    EXPECT_EQ(hidden.find("s3cret"), std::string::npos) << hidden;
    EXPECT_NE(hidden.find("https://[REDACTED]@host/v1?[REDACTED]"), std::string::npos) << hidden;
    EXPECT_NE(printed(text, format, SecretMode::kUnredacted).find("?key=s3cret"),
              std::string::npos);
  }
}

TEST(PrintTest, YamlReadsBackTheSame) {
  const std::string_view text =
      "a: [1, \"1\", true, \"true\", null, \"\", \"x: y\", '#c', \"l\\n\", \"- a\", {}, [], "
      "[[2]]]\n"
      "m: {deep: {list: [{k: v}]}}\nover: \":0\"\n";
  const std::string once = printed(text, PrintFormat::kYaml, SecretMode::kUnredacted);
  EXPECT_EQ(printed(once, PrintFormat::kYaml, SecretMode::kUnredacted), once);
  EXPECT_EQ(printed(once, PrintFormat::kJson, SecretMode::kUnredacted),
            printed(text, PrintFormat::kJson, SecretMode::kUnredacted));
}

TEST(PrintTest, JsonKeepsTypes) {
  EXPECT_EQ(printed("a: [0x10, 1.5, true, x, null]\n", PrintFormat::kJson, SecretMode::kRedacted),
            "{\n  \"a\": [\n    16,\n    1.5,\n    true,\n    \"x\",\n    null\n  ]\n}\n");
  EXPECT_EQ(printed("", PrintFormat::kYaml, SecretMode::kRedacted), "{}\n");
}

}  // namespace
}  // namespace millrace::config
