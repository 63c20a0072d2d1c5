// --feature-gates: otelcol's gates, none of which can be moved here. A gate set to the state that
// this version behaves by is accepted, so that a command line of otelcol's still runs; any other
// wish is an error, never ignored.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace millrace::cli {

struct FeatureGate {
  std::string_view id;
  bool enabled;  // how this version behaves
  std::string_view stage;
  std::string_view description;
};

std::span<const FeatureGate> feature_gates();

// `gates`: "id" or "+id" to switch on, "-id" to switch off.
Status check_feature_gates(const std::vector<std::string>& gates);

// The table of `millrace featuregate`; with an id, that gate alone. Error: no such gate.
Result<std::string> list_feature_gates(std::string_view id);

}  // namespace millrace::cli
