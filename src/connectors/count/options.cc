#include "connectors/count/options.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "item_match/value.h"
#include "rules/read.h"

namespace millrace::connectors::count {
namespace {

using config::Section;
using ottl::Context;

struct Kind {
  std::string_view key;
  Context context;
  std::string_view default_name;
  std::string_view default_description;
};
constexpr Kind kKinds[] = {
    {"spans", Context::kSpan, "trace.span.count", "The number of spans observed."},
    {"spanevents", Context::kSpanEvent, "trace.span.event.count",
     "The number of span events observed."},
    {"metrics", Context::kMetric, "metric.count", "The number of metrics observed."},
    {"datapoints", Context::kDataPoint, "metric.datapoint.count",
     "The number of data points observed."},
    {"logs", Context::kLog, "log.record.count", "The number of log records observed."},
};

void read_attribute(Section& section, Counted& into) {
  CountedAttribute attribute;
  section.text("key", &attribute.key);
  if (attribute.key.empty()) section.error("key is missing");
  const yaml::Node* const value = section.find("default_value");
  if (value != nullptr && value->kind != yaml::Node::Kind::kNull) {
    attribute.default_value = item_match::encode_value(*value);
  }
  into.attributes.push_back(std::move(attribute));
}

Counted read_counted(std::string_view name, const Kind& kind, Section& section) {
  Counted counted{.name = std::string(name), .description = {}, .conditions = {}, .attributes = {}};
  if (name.empty()) section.error("the metric has no name");
  section.text("description", &counted.description);
  std::vector<rules::ConditionList> lists;
  rules::read_conditions(section, "conditions", kind.context, rules::ErrorMode::kIgnore, &lists);
  for (rules::ConditionList& list : lists) {
    for (ottl::CompiledCondition& condition : list.conditions) {
      counted.conditions.push_back(std::move(condition));
    }
  }
  section.section_list("attributes", [&](Section& entry) { read_attribute(entry, counted); });
  if (kind.context == Context::kMetric && !counted.attributes.empty()) {
    section.error_at("attributes", "metrics have no attributes to count by");
  }
  return counted;
}

}  // namespace

void read_options(Section& section, Options& into) {
  for (const Kind& kind : kKinds) {
    std::vector<Counted>& counted = into.of(kind.context);
    section.section_map(kind.key, [&](std::string_view name, Section& entry) {
      counted.push_back(read_counted(name, kind, entry));
    });
    if (counted.empty()) {
      counted.push_back({.name = std::string(kind.default_name),
                         .description = std::string(kind.default_description),
                         .conditions = {},
                         .attributes = {}});
    }
  }
  section.unsupported("profiles", "profiles are passed on whole");
}

}  // namespace millrace::connectors::count
