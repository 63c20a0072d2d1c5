#include "extensions/without_effect/without_effect.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "yaml/parse.h"

namespace millrace::extensions {
namespace {

TEST(WithoutEffectTest, EveryKeyIsAcceptedWithOneWarning) {
  const auto root = yaml::parse("{endpoint: \":1777\", block_profile_fraction: 3}", "a.yaml");
  ASSERT_TRUE(root.has_value());
  const auto pprof = std::ranges::find(extensions_without_effect(), "pprof", &WithoutEffect::type);
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "extensions::pprof");
  read_without_effect(section, *pprof, {"a.yaml", 7, 3});
  section.finish();
  ASSERT_EQ(diagnostics.all().size(), 1u) << diagnostics.to_text();
  EXPECT_FALSE(diagnostics.has_errors());
  EXPECT_TRUE(diagnostics.to_text().starts_with("a.yaml:7:3: warning: extensions::pprof: "));
  EXPECT_TRUE(diagnostics.to_text().contains("no Go profiles"));
}

TEST(WithoutEffectTest, EachHasItsReason) {
  for (const WithoutEffect& extension : extensions_without_effect()) {
    EXPECT_FALSE(extension.why.empty()) << extension.type;
  }
}

}  // namespace
}  // namespace millrace::extensions
