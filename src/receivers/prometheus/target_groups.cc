#include "receivers/prometheus/target_groups.h"

// As in otlp/json: misuse of the parser is not checked at run time.
#define SIMDJSON_DEVELOPMENT_CHECKS 0
#include <simdjson.h>

#include <string>
#include <utility>

#include "yaml/node.h"
#include "yaml/parse.h"

namespace millrace::receivers::prometheus {
namespace {

using simdjson::dom::element;
using yaml::Node;

constexpr size_t kDepthMax = 16;

std::unexpected<Error> wrong(std::string_view what) {
  return fail(
      Code::kInvalidArgument,
      "expected a list of {\"targets\": [\"host:port\"], \"labels\": {…}}: " + std::string(what));
}

Result<TargetGroup> read_group(const element& from) {
  TargetGroup group;
  simdjson::dom::object object;
  if (from.get_object().get(object) != simdjson::SUCCESS) return wrong("a group is no object");
  for (const simdjson::dom::key_value_pair member : object) {
    if (member.key == "targets") {
      simdjson::dom::array targets;
      if (member.value.get_array().get(targets) != simdjson::SUCCESS) return wrong("targets");
      for (const element target : targets) {
        std::string_view address;
        if (target.get_string().get(address) != simdjson::SUCCESS) return wrong("a target");
        group.targets.push_back({{"__address__", std::string(address)}});
      }
    } else if (member.key == "labels") {
      simdjson::dom::object labels;
      if (member.value.get_object().get(labels) != simdjson::SUCCESS) return wrong("labels");
      for (const simdjson::dom::key_value_pair label : labels) {
        std::string_view value;
        if (label.value.get_string().get(value) != simdjson::SUCCESS) return wrong("a label");
        group.labels.emplace_back(label.key, value);
      }
    }
  }
  return group;
}

Result<TargetGroup> read_group(const Node& from) {
  TargetGroup group;
  if (from.kind != Node::Kind::kMapping) return wrong("a group is no mapping");
  for (const Node::Entry& entry : from.mapping) {
    if (entry.key == "targets") {
      if (entry.value.kind != Node::Kind::kSequence) return wrong("targets");
      for (const Node& target : entry.value.sequence) {
        if (target.kind != Node::Kind::kScalar) return wrong("a target");
        group.targets.push_back({{"__address__", target.scalar}});
      }
    } else if (entry.key == "labels") {
      for (const Node::Entry& label : entry.value.mapping) {
        if (label.value.kind != Node::Kind::kScalar) return wrong("a label");
        group.labels.emplace_back(label.key, label.value.scalar);
      }
    } else {
      return wrong("the key \"" + entry.key + "\"");
    }
  }
  return group;
}

}  // namespace

Result<std::vector<TargetGroup>> parse_json_groups(std::string_view text) {
  simdjson::dom::parser parser;
  if (parser.allocate(text.size() + 1, kDepthMax) != simdjson::SUCCESS) return wrong("too large");
  element root;
  if (const auto error = parser.parse(text.data(), text.size()).get(root);
      error != simdjson::SUCCESS) {
    return wrong(simdjson::error_message(error));
  }
  simdjson::dom::array list;
  if (root.get_array().get(list) != simdjson::SUCCESS) return wrong("there is no list");
  std::vector<TargetGroup> groups;
  for (const element one : list) {
    auto group = read_group(one);
    if (!group) return fail(std::move(group.error()));
    groups.push_back(std::move(*group));
  }
  return groups;
}

Result<std::vector<TargetGroup>> parse_yaml_groups(std::string_view text, std::string_view file) {
  const auto root = yaml::parse(text, file);
  if (!root) return fail(root.error());
  std::vector<TargetGroup> groups;
  if (root->kind == Node::Kind::kNull) return groups;
  if (root->kind != Node::Kind::kSequence) return wrong("there is no list");
  for (const Node& one : root->sequence) {
    auto group = read_group(one);
    if (!group) return fail(std::move(group.error()));
    groups.push_back(std::move(*group));
  }
  return groups;
}

}  // namespace millrace::receivers::prometheus
