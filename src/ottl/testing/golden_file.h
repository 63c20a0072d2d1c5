// How cases stand in tests/golden/ottl/transform.json (its README.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/signal.h"

namespace millrace::ottl::testing {

inline Signal signal_of(std::string_view fixture) {
  if (fixture.starts_with("log")) return Signal::kLogs;
  const bool is_traces = fixture == "span" || fixture == "root" || fixture == "events";
  return is_traces ? Signal::kTraces : Signal::kMetrics;
}

inline std::vector<std::string> split_statements(std::string_view text) {
  std::vector<std::string> statements;
  for (size_t end = text.find(" ;; "); end != std::string_view::npos; end = text.find(" ;; ")) {
    statements.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 4);
  }
  statements.emplace_back(text);
  return statements;
}

}  // namespace millrace::ottl::testing
