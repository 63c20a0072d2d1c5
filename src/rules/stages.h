// Which groups can share a walk. otelcol runs one group after the other over the whole request. Two
// groups give the same in one walk when the walk meets what the first changes before the second
// reads it, and neither changes what the other's earlier visits saw.
#pragma once

#include <span>
#include <vector>

#include "ottl/walk.h"
#include "rules/rule.h"

namespace millrace::rules {

struct Stage {
  std::vector<const StatementGroup*> groups;  // in order
  ottl::WalkOptions walk;
};
// The groups must outlive the stages.
std::vector<Stage> make_stages(std::span<const StatementGroup> groups);

}  // namespace millrace::rules
