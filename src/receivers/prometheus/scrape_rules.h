// The part of a scrape config that is about samples: labels, limits, times. Plain data, shared by
// all workers.
#pragma once

#include <cstddef>
#include <vector>

#include "receivers/prometheus/labels.h"
#include "receivers/prometheus/relabel.h"

namespace millrace::receivers::prometheus {

struct ScrapeRules {
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool trim_suffixes = false;
  // Zero: no limit.
  size_t sample_limit = 0;
  size_t label_limit = 0;
  size_t label_name_length_limit = 0;
  size_t label_value_length_limit = 0;
  std::vector<RelabelRule> metric_relabel = {};
  LabelList external_labels = {};
};

}  // namespace millrace::receivers::prometheus
