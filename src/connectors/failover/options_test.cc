#include "connectors/failover/options.h"

#include <gtest/gtest.h>

#include "yaml/parse.h"

namespace millrace::connectors {
namespace {

std::string read(std::string_view text, FailoverOptions& into) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "connectors::failover");
  read_failover(section, into);
  section.finish();
  return diagnostics.to_text();
}

TEST(FailoverOptionsTest, LevelsAreListsOfPipelines) {
  FailoverOptions options;
  EXPECT_EQ(
      read("{priority_levels: [[traces/a, traces/b], [traces/c]], retry_interval: 5s}", options),
      "");
  ASSERT_EQ(options.priority_levels.size(), 2u);
  EXPECT_EQ(options.priority_levels[0], (std::vector<std::string>{"traces/a", "traces/b"}));
  EXPECT_EQ(options.retry_interval, 5s);
}

TEST(FailoverOptionsTest, MistakesAreNamed) {
  for (const auto& [text, expected] :
       {std::pair{"{}", "no pipelines are defined"},
        std::pair{"{priority_levels: []}", "no pipelines are defined"},
        std::pair{"{priority_levels: [traces/a]}", "each a list of pipelines"},
        std::pair{"{priority_levels: [[]]}", "each a list of pipelines"},
        std::pair{"{priority_levels: [[a]], retry_interval: 0s}", "must be more than zero"}}) {
    FailoverOptions options;
    EXPECT_TRUE(read(text, options).contains(expected)) << text << ": " << read(text, options);
  }
}

}  // namespace
}  // namespace millrace::connectors
