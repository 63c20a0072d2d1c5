// The labels of a sample on their way from the body to the series: the target's labels,
// relabelling, limits. One thread.
#pragma once

#include "base/result.h"
#include "receivers/prometheus/labels.h"
#include "receivers/prometheus/scrape_rules.h"

namespace millrace::receivers::prometheus {

enum class SampleFate : uint8_t { kKept, kDropped };

// Adds the target's labels (where the sample has the name too, honor_labels decides which value
// stays; the sample's may become exported_NAME), then relabels, sorts and checks. Errors, which
// fail the scrape: a name twice, no metric name, a limit.
Result<SampleFate> finish_labels(const LabelList& target, const ScrapeRules& rules,
                                 LabelSet& labels);

}  // namespace millrace::receivers::prometheus
