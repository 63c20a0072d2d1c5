// Lists of targets as files and servers give them: [{"targets": ["host:port"], "labels": {"a":
// "b"}}]. Pure functions.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "receivers/prometheus/options.h"

namespace millrace::receivers::prometheus {

// Errors are kInvalidArgument. JSON, and YAML for files: `file` names them in errors.
Result<std::vector<TargetGroup>> parse_json_groups(std::string_view text);
Result<std::vector<TargetGroup>> parse_yaml_groups(std::string_view text, std::string_view file);

}  // namespace millrace::receivers::prometheus
