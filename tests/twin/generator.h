// A request with OTTL for it, made of choices.
#pragma once

#include <vector>

#include "naive_ottl.h"
#include "otlp/otlp_reference.h"

namespace millrace::twin {

enum class Level : uint8_t { kItem, kScope, kResource };

struct Group {
  Level level = Level::kItem;
  std::vector<Statement> statements;
};

struct Generated {
  bool is_log = false;
  bool propagates = false;  // error_mode
  // Either groups for `transform`, or conditions for `filter`.
  std::vector<Group> groups;
  std::vector<Condition> conditions;
  otlp::reference::TraceRequest traces;
  otlp::reference::LogsRequest logs;
};

Generated generate(std::span<const uint8_t> choices);

}  // namespace millrace::twin
