#include "processors/metricstransform/options.h"

#include <fmt/format.h>
#include <re2/re2.h>

namespace millrace::processors::metricstransform {
namespace {

using config::Section;
using Texts = std::vector<std::pair<std::string, std::string>>;

void replace_version(std::string& text) {
  constexpr std::string_view kPlaceholder = "{{version}}";
  for (size_t at = 0; (at = text.find(kPlaceholder, at)) != std::string::npos;) {
    text.replace(at, kPlaceholder.size(), MILLRACE_VERSION);
    at += std::string_view(MILLRACE_VERSION).size();
  }
}

bool read_texts(Section& section, std::string_view key, Texts& into) {
  return section.section(key, [&](Section& texts) {
    for (const yaml::Node::Entry& entry : texts.node().mapping) {
      texts.text(entry.key, &into.emplace_back(entry.key, "").second);
    }
  });
}

void read_aggregation(Section& section, ottl::Aggregation& into) {
  using A = ottl::Aggregation;
  section.choice("aggregation_type", &into,
                 {{"sum", static_cast<int>(A::kSum)},
                  {"mean", static_cast<int>(A::kMean)},
                  {"min", static_cast<int>(A::kMin)},
                  {"max", static_cast<int>(A::kMax)},
                  {"median", static_cast<int>(A::kMedian)},
                  {"count", static_cast<int>(A::kCount)}});
}

template <class Kind>
bool read_kind(Section& section, Kind& into, std::initializer_list<Section::Choice> choices) {
  if (section.choice("action", &into, choices)) return true;
  if (!section.has("action")) section.error("action is missing");
  return false;
}

void require(Section& section, std::string_view key, bool is_there, std::string_view action) {
  if (!is_there) section.error(fmt::format("the action {} needs {}", action, key));
}

void read_label_set(Section& section, std::string_view key,
                    std::set<std::string, std::less<>>& into) {
  std::vector<std::string> texts;
  section.text_list(key, &texts);
  into.insert(texts.begin(), texts.end());
}

void read_operation(Section& section, Transform& transform) {
  using K = Operation::Kind;
  Operation operation;
  const bool has_kind =
      read_kind(section, operation.kind,
                {{"add_label", static_cast<int>(K::kAddLabel)},
                 {"update_label", static_cast<int>(K::kUpdateLabel)},
                 {"delete_label_value", static_cast<int>(K::kDeleteLabelValue)},
                 {"toggle_scalar_data_type", static_cast<int>(K::kToggleScalarDataType)},
                 {"experimental_scale_value", static_cast<int>(K::kScaleValue)},
                 {"aggregate_labels", static_cast<int>(K::kAggregateLabels)},
                 {"aggregate_label_values", static_cast<int>(K::kAggregateLabelValues)}});
  section.text("label", &operation.label);
  section.text("new_label", &operation.new_label);
  section.text("new_value", &operation.new_value);
  section.text("label_value", &operation.label_value);
  replace_version(operation.new_value);
  read_label_set(section, "label_set", operation.label_set);
  read_label_set(section, "aggregated_values", operation.aggregated_values);
  section.section_list("value_actions", [&](Section& action) {
    std::string value;
    std::string new_value;
    action.text("value", &value);
    action.text("new_value", &new_value);
    replace_version(new_value);
    operation.value_actions.insert_or_assign(value, new_value);
  });
  read_aggregation(section, operation.aggregation);
  section.number("experimental_scale", &operation.scale, -1e300, 1e300);
  if (has_kind) {
    if (operation.kind == K::kUpdateLabel) {
      require(section, "label", !operation.label.empty(), "update_label");
    } else if (operation.kind == K::kAddLabel) {
      require(section, "new_label", !operation.new_label.empty(), "add_label");
      require(section, "new_value", !operation.new_value.empty(), "add_label");
    } else if (operation.kind == K::kScaleValue) {
      require(section, "experimental_scale", operation.scale != 0, "experimental_scale_value");
    }
  }
  transform.operations.push_back(std::move(operation));
}

void read_include(Section& section, Transform& transform) {
  bool is_pattern = false;
  section.text("include", &transform.include);
  section.choice("match_type", &is_pattern, {{"strict", 0}, {"regexp", 1}});
  if (transform.include.empty()) {
    section.error("include is missing");
  } else if (is_pattern) {
    transform.pattern = item_match::read_pattern(section, "include", transform.include);
  }
  Texts labels;
  read_texts(section, "experimental_match_labels", labels);
  for (auto& [key, value] : labels) {
    LabelMatch match{.key = key, .value = value, .pattern = nullptr};
    if (is_pattern) {
      match.pattern = item_match::read_pattern(section, "experimental_match_labels", value);
    }
    transform.labels.push_back(std::move(match));
  }
}

void read_transform(Section& section, std::vector<Transform>& into) {
  using A = Transform::Action;
  using C = Transform::SubmatchCase;
  Transform transform;
  read_include(section, transform);
  const bool has_action = read_kind(section, transform.action,
                                    {{"insert", static_cast<int>(A::kInsert)},
                                     {"update", static_cast<int>(A::kUpdate)},
                                     {"combine", static_cast<int>(A::kCombine)},
                                     {"group", static_cast<int>(A::kGroup)}});
  section.text("new_name", &transform.new_name);
  const bool has_labels =
      read_texts(section, "group_resource_labels", transform.group_resource_labels);
  read_aggregation(section, transform.aggregation);
  section.choice("submatch_case", &transform.submatch_case,
                 {{"lower", static_cast<int>(C::kLower)}, {"upper", static_cast<int>(C::kUpper)}});
  section.section_list("operations",
                       [&](Section& operation) { read_operation(operation, transform); });
  if (has_action) {
    const bool has_name = !transform.new_name.empty();
    if (transform.action == A::kInsert) require(section, "new_name", has_name, "insert");
    if (transform.action == A::kCombine) {
      require(section, "new_name", has_name, "combine");
      require(section, "aggregation_type", transform.aggregation != ottl::Aggregation::kFirst,
              "combine");
    }
    if (transform.action == A::kGroup) {
      require(section, "group_resource_labels", has_labels, "group");
    }
  }
  into.push_back(std::move(transform));
}

}  // namespace

std::shared_ptr<const Options> read_options(Section& section) {
  auto options = std::make_shared<Options>();
  section.section_list("transforms",
                       [&](Section& each) { read_transform(each, options->transforms); });
  for (Transform& transform : options->transforms) {
    if (transform.pattern != nullptr) {
      transform.name_template.emplace(transform.new_name, *transform.pattern);
    }
  }
  return options;
}

}  // namespace millrace::processors::metricstransform
