#include "connectors/failover/options.h"

#include <algorithm>

namespace millrace::connectors {
namespace {

void read_levels(config::Section& section, FailoverOptions& into) {
  const yaml::Node* levels = section.find("priority_levels");
  using Kind = yaml::Node::Kind;
  if (levels == nullptr || levels->kind == Kind::kNull || levels->sequence.empty()) {
    return section.error("no pipelines are defined in the priority list");
  }
  for (const yaml::Node& level : levels->sequence) {
    std::vector<std::string> pipelines;
    for (const yaml::Node& pipeline : level.sequence) {
      if (pipeline.kind == Kind::kScalar) pipelines.push_back(pipeline.scalar);
    }
    if (level.kind != Kind::kSequence || pipelines.size() != level.sequence.size() ||
        pipelines.empty()) {
      section.error_at("priority_levels",
                       "expected a list of levels, each a list of pipelines, like "
                       "[[traces/first], [traces/second]]");
      return;
    }
    into.priority_levels.push_back(std::move(pipelines));
  }
}

}  // namespace

void read_failover(config::Section& section, FailoverOptions& into) {
  read_levels(section, into);
  section.duration("retry_interval", &into.retry_interval);
  if (into.retry_interval <= Duration(0)) {
    section.error_at("retry_interval", "must be more than zero");
  }
  section.ignored("retry_gap", "deprecated: retry_interval alone decides");
  section.ignored("max_retries", "deprecated: a level is tried for ever");
}

}  // namespace millrace::connectors
