#include "receivers/prometheus/sample_labels.h"

#include <algorithm>
#include <string>

namespace millrace::receivers::prometheus {
namespace {

constexpr std::string_view kExported = "exported_";
constexpr size_t kShownBytesMax = 50;

std::string shown(std::string_view text) {
  return "\"" + std::string(text.substr(0, kShownBytesMax)) + "\"";
}

std::unexpected<Error> beyond(std::string_view limit, std::string_view metric, size_t found,
                              size_t allowed) {
  return fail(Code::kResourceExhausted, std::string(limit) + " exceeded (metric " + shown(metric) +
                                            ", found " + std::to_string(found) + ", limit " +
                                            std::to_string(allowed) + ")");
}

void add_target_labels(const LabelList& target, bool honors, LabelSet& labels) {
  std::vector<Label> pushed_aside;
  for (const auto& [name, value] : target) {
    const std::string_view exposed = labels.get(name);
    if (honors) {
      // An empty label of the sample keeps the target's away, too.
      if (!labels.has(name)) labels.set(name, value);
      continue;
    }
    if (!exposed.empty()) pushed_aside.push_back({name, exposed});
    labels.set(name, value);
  }
  std::ranges::sort(pushed_aside, {},
                    [](const Label& l) { return std::pair(l.name.size(), l.name); });
  for (const Label& label : pushed_aside) {
    std::string name(label.name);
    do name.insert(0, kExported);
    while (!labels.get(name).empty());
    labels.set(labels.keep(name), label.value);
  }
}

Status check_limits(const ScrapeRules& rules, const LabelSet& labels) {
  const std::string_view metric = labels.get(kMetricName);
  if (rules.label_limit > 0 && labels.size() > rules.label_limit) {
    return beyond("label_limit", metric, labels.size(), rules.label_limit);
  }
  for (const Label& label : labels.all()) {
    if (rules.label_name_length_limit > 0 && label.name.size() > rules.label_name_length_limit) {
      return beyond("label_name_length_limit", metric, label.name.size(),
                    rules.label_name_length_limit);
    }
    if (rules.label_value_length_limit > 0 && label.value.size() > rules.label_value_length_limit) {
      return beyond("label_value_length_limit", metric, label.value.size(),
                    rules.label_value_length_limit);
    }
  }
  return {};
}

}  // namespace

Result<SampleFate> finish_labels(const LabelList& target, const ScrapeRules& rules,
                                 LabelSet& labels) {
  labels.sort();
  if (const std::string_view twice = labels.duplicate(); !twice.empty()) {
    return fail(Code::kInvalidArgument, "a sample has the label " + shown(twice) + " twice");
  }
  add_target_labels(target, rules.honor_labels, labels);
  labels.remove_empty();
  switch (relabel(rules.metric_relabel, labels)) {
    case RelabelRule::Outcome::kDropped:
      return SampleFate::kDropped;
    case RelabelRule::Outcome::kTooLong:
      return fail(Code::kResourceExhausted, "metric_relabel_configs make a label over 1 MiB");
    case RelabelRule::Outcome::kKept:
      break;
  }
  if (labels.size() == 0) return SampleFate::kDropped;
  if (labels.get(kMetricName).empty()) {
    return fail(Code::kInvalidArgument, "a sample without the name of its metric (__name__)");
  }
  labels.sort();
  if (Status within = check_limits(rules, labels); !within) return fail(within.error());
  return SampleFate::kKept;
}

}  // namespace millrace::receivers::prometheus
