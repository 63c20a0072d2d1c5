// --feature-gates: otelcol's gates, none of which can be changed here. Setting a gate to the state
// of this version is accepted, so that command lines written for otelcol still run; any other
// setting is an error and is never ignored.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::cli {

struct FeatureGate {
  std::string_view id;
  bool enabled;  // the state in this version
  std::string_view stage;
  std::string_view description;
};

std::span<const FeatureGate> feature_gates();

// `gates` contains "id" or "+id" to enable a gate, "-id" to disable it.
Status check_feature_gates(const std::vector<std::string>& gates);

// The table that `millrace featuregate` prints; with an id, that gate alone. Error: no such gate.
Result<std::string> list_feature_gates(std::string_view id);

}  // namespace millrace::cli
