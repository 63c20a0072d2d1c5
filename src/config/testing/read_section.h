// Sections for tests of options.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "config/section.h"
#include "yaml/parse.h"

namespace millrace::testing {

// Reads `yaml` by `read(section)` as the section of a component at that path
// ("processors::span"), and returns what the diagnostics say. A text that is not YAML fails the
// test.
template <class Read>
config::Diagnostics read_section(std::string_view yaml, std::string path, const Read& read) {
  config::Diagnostics diagnostics;
  const auto root = yaml::parse(yaml, "a.yaml");
  if (!root) {
    ADD_FAILURE() << root.error().message << "\n" << yaml;
    return diagnostics;
  }
  config::Section section(*root, diagnostics, std::move(path));
  read(section);
  section.finish();
  return diagnostics;
}

// The options of a section without mistakes.
template <class Options, class Read>
Options read_options_of(std::string_view yaml, std::string path, const Read& read) {
  Options options;
  const config::Diagnostics diagnostics = read_section(
      yaml, std::move(path), [&](config::Section& section) { read(section, options); });
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_text();
  return options;
}

}  // namespace millrace::testing
