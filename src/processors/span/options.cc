#include "processors/span/options.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <utility>

namespace millrace::processors::span {

namespace {

using config::Section;

void read_rules(Section& section, std::vector<Rule>* into) {
  for (item_match::Pattern& pattern : item_match::read_patterns(section, "rules")) {
    Rule rule;
    const auto& names = pattern->CapturingGroupNames();
    for (int group = 1; group <= pattern->NumberOfCapturingGroups(); group++) {
      const auto found = names.find(group);
      rule.group_names.push_back(found == names.end() ? std::string() : found->second);
    }
    rule.pattern = std::move(pattern);
    into->push_back(std::move(rule));
  }
}

void read_name(Section& section, Options& options) {
  section.text_list("from_attributes", &options.from_attributes);
  section.text("separator", &options.separator);
  section.section("to_attributes", [&](Section& to_attributes) {
    read_rules(to_attributes, &options.rules);
    to_attributes.boolean("break_after_match", &options.break_after_match);
    to_attributes.boolean("keep_original_name", &options.keep_original_name);
  });
}

void read_status(Section& section, std::optional<SpanStatus>* into) {
  SpanStatus status;
  std::string code;
  section.text("code", &code);
  if (code == "Ok") status.code = SpanStatus::Code::kOk;
  if (code == "Error") status.code = SpanStatus::Code::kError;
  if (code != "Ok" && code != "Error" && code != "Unset") {
    section.error(fmt::format("expected code to be Ok, Error or Unset, found \"{}\"", code));
  }
  section.text("description", &status.description);
  if (!status.description.empty() && status.code != SpanStatus::Code::kError) {
    section.error_at("description", "only for the code Error");
  }
  *into = std::move(status);
}

}  // namespace

void read_options(Section& section, Options& options) {
  section.section("name", [&](Section& name) { read_name(name, options); });
  section.section("status", [&](Section& status) { read_status(status, &options.status); });
  item_match::read_match_config(section, &options.match);
  if (options.from_attributes.empty() && options.rules.empty() && !options.status) {
    section.error(
        "nothing to do: name::from_attributes, name::to_attributes::rules or status is needed");
  }
}

}  // namespace millrace::processors::span
