#include "processors/metricstransform/options.h"

#include <gtest/gtest.h>

#include <string>

#include "yaml/parse.h"

namespace millrace::processors::metricstransform {
namespace {

struct Read {
  std::shared_ptr<const Options> options;
  std::string errors;
};

Read read(std::string_view text) {
  const auto root = yaml::parse(text, "test.yaml");
  if (!root) return {nullptr, root.error().message};
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "processors::metrics_transform");
  Read result{.options = read_options(section), .errors = {}};
  section.finish();
  if (diagnostics.has_errors()) result.errors = diagnostics.to_text();
  return result;
}

TEST(OptionsTest, TemplatesOfGroupsAreReadAsTheUserWroteThem) {
  const Read done = read(R"(
transforms:
  - include: ^old\.(?P<rest>.*)$
    match_type: regexp
    action: update
    new_name: new.$${rest}
)");
  EXPECT_EQ(done.errors, "");
  ASSERT_EQ(done.options->transforms.size(), 1u);
  EXPECT_NE(done.options->transforms[0].pattern, nullptr);
  EXPECT_TRUE(done.options->transforms[0].name_template.has_value());
}

TEST(OptionsTest, TheVersionIsPutIntoNewValues) {
  const Read done = read(R"(
transforms:
  - include: a
    action: update
    operations:
      - {action: add_label, new_label: v, new_value: "v{{version}}-{{version}}"}
      - {action: update_label, label: v, value_actions: [{value: x, new_value: "{{version}}"}]}
)");
  EXPECT_EQ(done.errors, "");
  const auto& operations = done.options->transforms[0].operations;
  EXPECT_EQ(operations[0].new_value.find("{{"), std::string::npos);
  EXPECT_EQ(operations[0].new_value.front(), 'v');
  EXPECT_EQ(operations[1].value_actions.at("x").find("{{"), std::string::npos);
}

TEST(OptionsTest, ErrorsNameThePlace) {
  const Read done = read("transforms: [{include: a, action: insert}]");
  EXPECT_NE(done.errors.find("transforms"), std::string::npos) << done.errors;
  EXPECT_NE(done.errors.find("the action insert needs new_name"), std::string::npos);
}

}  // namespace
}  // namespace millrace::processors::metricstransform
