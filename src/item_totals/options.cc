#include "item_totals/options.h"

#include <string_view>
#include <utility>

#include "item_match/value.h"
#include "rules/read.h"

namespace millrace::item_totals {
namespace {

using config::Section;
using ottl::Context;

constexpr std::pair<std::string_view, Context> kSections[] = {
    {"spans", Context::kSpan},     {"spanevents", Context::kSpanEvent},
    {"metrics", Context::kMetric}, {"datapoints", Context::kDataPoint},
    {"logs", Context::kLog},
};

void read_attribute(Section& section, Total& into) {
  TotalAttribute attribute;
  section.text("key", &attribute.key);
  if (attribute.key.empty()) section.error("key is missing");
  const yaml::Node* const value = section.find("default_value");
  if (value != nullptr && value->kind != yaml::Node::Kind::kNull) {
    attribute.default_value = item_match::encode_value(*value);
  }
  into.attributes.push_back(std::move(attribute));
}

Total read_total(std::string_view name, Context context, Section& section) {
  Total total;
  total.name = name;
  if (name.empty()) section.error("the metric has no name");
  section.text("description", &total.description);
  std::vector<rules::ConditionList> lists;
  rules::read_conditions(section, "conditions", context, rules::ErrorMode::kIgnore, &lists);
  for (rules::ConditionList& list : lists) {
    for (ottl::CompiledCondition& condition : list.conditions) {
      total.conditions.push_back(std::move(condition));
    }
  }
  section.section_list("attributes", [&](Section& entry) { read_attribute(entry, total); });
  if (context == Context::kMetric && !total.attributes.empty()) {
    section.error_at("attributes", "metrics have no attributes to tell them apart by");
  }
  return total;
}

}  // namespace

void read_totals(Section& section, void (*read_own)(Section&, Total&), Options& into) {
  for (const auto& each : kSections) {
    section.section_map(each.first, [&](std::string_view name, Section& entry) {
      Total total = read_total(name, each.second, entry);
      read_own(entry, total);
      into.of(each.second).push_back(std::move(total));
    });
  }
}

}  // namespace millrace::item_totals
