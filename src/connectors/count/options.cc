#include "connectors/count/options.h"

#include <string>
#include <string_view>

namespace millrace::connectors::count {
namespace {

using ottl::Context;

struct Default {
  Context context;
  std::string_view name;
  std::string_view description;
};
constexpr Default kDefaults[] = {
    {Context::kSpan, "trace.span.count", "The number of spans observed."},
    {Context::kSpanEvent, "trace.span.event.count", "The number of span events observed."},
    {Context::kMetric, "metric.count", "The number of metrics observed."},
    {Context::kDataPoint, "metric.datapoint.count", "The number of data points observed."},
    {Context::kLog, "log.record.count", "The number of log records observed."},
};

}  // namespace

void read_options(config::Section& section, Options& into) {
  item_totals::read_totals(section, [](config::Section&, item_totals::Total&) {}, into);
  for (const Default& each : kDefaults) {
    if (!into.of(each.context).empty()) continue;
    into.of(each.context)
        .push_back({.name = std::string(each.name),
                    .description = std::string(each.description),
                    .conditions = {},
                    .attributes = {},
                    .source_attribute = {}});
  }
  section.unsupported("profiles", "profiles are passed on whole");
}

}  // namespace millrace::connectors::count
