#include "prometheus_series/series_options.h"

#include <string>
#include <string_view>

namespace millrace::exporters {
namespace {

using config::Section;
using prometheus::Strategy;

constexpr std::string_view kServiceAttributes = "service.*";

bool is_strategy_with_suffixes(Strategy strategy) {
  return strategy == Strategy::kUnderscoreEscapingWithSuffixes ||
         strategy == Strategy::kNoUtf8EscapingWithSuffixes;
}

}  // namespace

void read_strategy(Section& section, Strategy* into) {
  bool add_suffixes = true;
  const bool has_suffixes = section.boolean("add_metric_suffixes", &add_suffixes);
  if (has_suffixes && !add_suffixes) *into = Strategy::kUnderscoreEscapingWithoutSuffixes;
  std::string name;
  if (!section.text("translation_strategy", &name) || name.empty()) return;
  const auto strategy = prometheus::strategy_named(name);
  if (!strategy) {
    std::string known;
    for (const std::string_view each : prometheus::strategy_names()) {
      known += (known.empty() ? "" : ", ") + std::string(each);
    }
    section.error_at("translation_strategy",
                     "expected one of " + known + ", found \"" + name + "\"");
    return;
  }
  *into = *strategy;
  if (has_suffixes && add_suffixes != is_strategy_with_suffixes(*strategy)) {
    section.warning_at("add_metric_suffixes", "has no effect beside translation_strategy");
  }
}

void read_resource_labels(Section& section, LabelOptions& into) {
  bool is_on = false;
  bool excludes_service = false;
  section.section("resource_to_telemetry_conversion", [&](Section& conversion) {
    conversion.boolean("enabled", &is_on);
    conversion.boolean("exclude_service_attributes", &excludes_service);
  });
  if (is_on) {
    into.resource_included = {"*"};
    if (excludes_service) into.resource_excluded = {std::string(kServiceAttributes)};
  }
  if (!section.has("resource_constant_labels")) return;
  if (is_on) {
    section.warning_at("resource_to_telemetry_conversion",
                       "has no effect beside resource_constant_labels");
  }
  into.resource_included.clear();
  into.resource_excluded.clear();
  section.section("resource_constant_labels", [&](Section& constant) {
    constant.text_list("included", &into.resource_included);
    constant.text_list("excluded", &into.resource_excluded);
  });
}

}  // namespace millrace::exporters
