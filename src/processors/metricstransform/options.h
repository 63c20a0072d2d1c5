// The options of the metrics_transform processor, with otelcol's keys, names, defaults and rules.
// Immutable once read. Reading is for start-up, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/section.h"
#include "item_match/pattern.h"
#include "ottl/metric_aggregation.h"
#include "ottl/replacement.h"

namespace millrace::processors::metricstransform {

// A label that a point must have with this value; a point without the label has the value "".
struct LabelMatch {
  std::string key;
  std::string value;
  item_match::Pattern pattern;  // null: `value` is meant literally
};

// One entry of `operations:`.
struct Operation {
  enum class Kind : uint8_t {
    kAddLabel,
    kUpdateLabel,
    kDeleteLabelValue,
    kToggleScalarDataType,
    kScaleValue,
    kAggregateLabels,
    kAggregateLabelValues,
  };
  Kind kind = Kind::kAddLabel;
  std::string label;
  std::string new_label;
  std::string new_value;
  std::string label_value;
  std::set<std::string, std::less<>> label_set;
  std::set<std::string, std::less<>> aggregated_values;
  std::map<std::string, std::string, std::less<>> value_actions;
  ottl::Aggregation aggregation = ottl::Aggregation::kFirst;
  double scale = 0;
};

// One entry of `transforms:`.
struct Transform {
  enum class Action : uint8_t { kUpdate, kInsert, kCombine, kGroup };
  enum class SubmatchCase : uint8_t { kAsIs, kLower, kUpper };
  Action action = Action::kUpdate;
  std::string include;
  item_match::Pattern pattern;  // null: the name is `include`
  std::vector<LabelMatch> labels;
  std::string new_name;
  // `new_name` with the groups of `pattern`; nothing without a pattern.
  std::optional<ottl::Template> name_template;
  std::vector<std::pair<std::string, std::string>> group_resource_labels;
  ottl::Aggregation aggregation = ottl::Aggregation::kFirst;
  SubmatchCase submatch_case = SubmatchCase::kAsIs;
  std::vector<Operation> operations;
};

struct Options {
  // Not moved after they were read: templates point into their texts.
  std::vector<Transform> transforms;
};

std::shared_ptr<const Options> read_options(config::Section& section);

}  // namespace millrace::processors::metricstransform
