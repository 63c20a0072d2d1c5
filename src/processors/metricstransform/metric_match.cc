#include "processors/metricstransform/metric_match.h"

#include <re2/re2.h>

#include <algorithm>

#include "ottl/metric_points.h"
#include "ottl/text_case.h"

namespace millrace::processors::metricstransform {
namespace {

using ottl::Value;
using Groups = std::vector<re2::StringPiece>;

Groups match(const re2::RE2& pattern, std::string_view text) {
  Groups groups(static_cast<size_t>(pattern.NumberOfCapturingGroups()) + 1);
  const bool is_found =
      pattern.Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, groups.data(),
                    static_cast<int>(groups.size()));
  if (!is_found) groups.clear();
  return groups;
}

}  // namespace

bool matches_name(const Transform& transform, std::string_view name) {
  return transform.pattern == nullptr ? name == transform.include
                                      : item_match::finds(*transform.pattern, name);
}

bool matches_point(const Transform& transform, const ottl::Record& point, ottl::Scratch& scratch) {
  if (transform.labels.empty()) return true;
  const Value attributes = point.read(ottl::Field::kAttributes, scratch);
  return std::ranges::all_of(transform.labels, [&](const LabelMatch& label) {
    const auto found = ottl::find_entry(attributes, label.key);
    // Values that are no text count as "".
    const std::string_view text =
        found && found->is(Value::Type::kString) ? found->text : std::string_view();
    return label.pattern == nullptr ? text == label.value : item_match::finds(*label.pattern, text);
  });
}

PointMatches match_points(const Transform& transform, const ottl::Record& metric,
                          ottl::Scratch& scratch) {
  PointMatches matches;
  for (const otlp::MessageBytes bytes : ottl::points_of(metric, scratch)) {
    ++matches.all;
    if (matches_point(transform, ottl::point_record(bytes, metric.type()), scratch)) {
      ++matches.matched;
    }
  }
  return matches;
}

std::string new_name_of(const Transform& transform, std::string_view name) {
  std::string made;
  if (transform.pattern != nullptr) {
    const Groups groups = match(*transform.pattern, name);
    if (!groups.empty()) transform.name_template->expand(groups, &made);
  }
  return made.empty() ? transform.new_name : made;
}

std::vector<std::pair<std::string, std::string>> submatches(const Transform& transform,
                                                            std::string_view name) {
  std::vector<std::pair<std::string, std::string>> labels;
  if (transform.pattern == nullptr) return labels;
  const Groups groups = match(*transform.pattern, name);
  const auto& names = transform.pattern->CapturingGroupNames();
  for (size_t i = 1; i < groups.size(); ++i) {
    std::string text(groups[i].data(), groups[i].size());
    if (text.empty()) continue;
    if (transform.submatch_case == Transform::SubmatchCase::kLower) {
      text = ottl::to_lower_case(text);
    } else if (transform.submatch_case == Transform::SubmatchCase::kUpper) {
      text = ottl::to_upper_case(text);
    }
    const auto named = names.find(static_cast<int>(i));
    labels.emplace_back(named == names.end() ? "$" + std::to_string(i) : named->second,
                        std::move(text));
  }
  return labels;
}

}  // namespace millrace::processors::metricstransform
