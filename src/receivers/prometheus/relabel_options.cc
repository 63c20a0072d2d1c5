#include "receivers/prometheus/relabel_options.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace millrace::receivers::prometheus {
namespace {

using config::Section;

constexpr std::pair<std::string_view, RelabelAction> kActions[] = {
    {"replace", RelabelAction::kReplace},     {"keep", RelabelAction::kKeep},
    {"drop", RelabelAction::kDrop},           {"keepequal", RelabelAction::kKeepEqual},
    {"dropequal", RelabelAction::kDropEqual}, {"hashmod", RelabelAction::kHashMod},
    {"labelmap", RelabelAction::kLabelMap},   {"labeldrop", RelabelAction::kLabelDrop},
    {"labelkeep", RelabelAction::kLabelKeep}, {"lowercase", RelabelAction::kLowercase},
    {"uppercase", RelabelAction::kUppercase}};

bool needs_target(RelabelAction action) {
  return action == RelabelAction::kReplace || action == RelabelAction::kHashMod ||
         action == RelabelAction::kLowercase || action == RelabelAction::kUppercase ||
         action == RelabelAction::kKeepEqual || action == RelabelAction::kDropEqual;
}

void read_action(Section& rule, RelabelOptions& into) {
  std::string word = "replace";
  rule.text("action", &word);
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto* const found =
      std::ranges::find(kActions, word, [](const auto& a) { return a.first; });
  if (found == std::end(kActions)) {
    return rule.error_at("action",
                         "expected replace, keep, drop, keepequal, dropequal, hashmod, labelmap, "
                         "labeldrop, labelkeep, lowercase or uppercase, found \"" +
                             word + "\"");
  }
  into.action = found->second;
}

// A key of the rule that its action has no use for.
void refuse_others(Section& rule, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (rule.has(key)) rule.error_at(key, "has no meaning for this action");
  }
}

void check(Section& rule, const RelabelOptions& options) {
  const RelabelOptions defaults;
  if (needs_target(options.action) && options.target_label.empty()) {
    rule.error("target_label is missing, which this action needs");
  }
  switch (options.action) {
    case RelabelAction::kHashMod:
      if (options.modulus == 0) rule.error("modulus is missing, which hashmod needs");
      break;
    case RelabelAction::kLowercase:
    case RelabelAction::kUppercase:
      if (options.replacement != defaults.replacement) refuse_others(rule, {"replacement"});
      break;
    case RelabelAction::kKeepEqual:
    case RelabelAction::kDropEqual:
      if (options.regex != defaults.regex) refuse_others(rule, {"regex"});
      if (options.modulus != 0) refuse_others(rule, {"modulus"});
      if (options.separator != defaults.separator) refuse_others(rule, {"separator"});
      if (options.replacement != defaults.replacement) refuse_others(rule, {"replacement"});
      break;
    case RelabelAction::kLabelDrop:
    case RelabelAction::kLabelKeep:
      if (!options.target_label.empty()) refuse_others(rule, {"target_label"});
      refuse_others(rule, {"source_labels"});
      if (options.modulus != 0) refuse_others(rule, {"modulus"});
      if (options.separator != defaults.separator) refuse_others(rule, {"separator"});
      if (options.replacement != defaults.replacement) refuse_others(rule, {"replacement"});
      break;
    case RelabelAction::kLabelMap:
      if (options.replacement.empty()) rule.error("replacement is empty, so there is no name");
      break;
    case RelabelAction::kReplace:
    case RelabelAction::kKeep:
    case RelabelAction::kDrop:
      break;
  }
}

}  // namespace

std::vector<RelabelRule> read_relabel_rules(Section& section, std::string_view key) {
  std::vector<RelabelRule> rules;
  section.section_list(key, [&](Section& rule) {
    RelabelOptions options;
    read_action(rule, options);
    rule.text_list("source_labels", &options.source_labels);
    rule.text("separator", &options.separator);
    rule.text("regex", &options.regex);
    int64_t modulus = 0;
    rule.integer("modulus", &modulus, {0, INT64_MAX});
    options.modulus = static_cast<uint64_t>(modulus);
    rule.text("target_label", &options.target_label);
    rule.text("replacement", &options.replacement);
    check(rule, options);
    auto made = RelabelRule::make(std::move(options));
    if (made) {
      rules.push_back(std::move(*made));
    } else {
      rule.error_at("regex", "is no regular expression: " + made.error().message);
    }
  });
  return rules;
}

}  // namespace millrace::receivers::prometheus
