#include "processors/interval/options.h"

namespace millrace::processors::interval {

void read_options(config::Section& section, Options& into) {
  section.duration("interval", &into.interval);
  if (into.interval <= Duration{0}) section.error_at("interval", "interval must be positive");
  section.section("pass_through", [&](config::Section& passing) {
    passing.boolean("gauge", &into.pass_gauges);
    passing.boolean("summary", &into.pass_summaries);
  });
}

}  // namespace millrace::processors::interval
