#include "connectors/sum/options.h"

#include "connectors/sum/source_value.h"

namespace millrace::connectors::sum {
namespace {

void read_source(config::Section& section, item_totals::Total& into) {
  section.text("source_attribute", &into.source_attribute);
  if (into.source_attribute.empty()) section.error("source_attribute is missing");
  // As in otelcol, a default of 0 or of another type is none.
  for (item_totals::TotalAttribute& attribute : into.attributes) {
    if (attribute.default_value && !is_default(*attribute.default_value)) {
      attribute.default_value.reset();
    }
  }
}

}  // namespace

void read_options(config::Section& section, Options& into) {
  item_totals::read_totals(section, read_source, into);
}

}  // namespace millrace::connectors::sum
