// Groups of statements and lists of conditions, compiled. Immutable; shared by all workers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ottl/program.h"

namespace millrace::rules {

// What happens when a rule fails at run time, for example on a value of the wrong type.
enum class ErrorMode : uint8_t {
  kIgnore,     // logged; the next rule runs
  kSilent,     // the next rule runs
  kPropagate,  // the request is refused
};

// Statements of one context. They run on each message of the context for which any condition holds.
struct StatementGroup {
  ottl::Context context = ottl::Context::kResource;
  std::vector<ottl::CompiledCondition> conditions;  // empty: always
  std::vector<ottl::CompiledStatement> statements;
  ErrorMode error_mode = ErrorMode::kIgnore;
  // One `cache` for all items of a request and all groups of the context that share it.
  bool shares_cache = false;
  uint32_t first_rule = 0;  // the number of the first statement; see Tally
};

// Conditions of one context; a message for which any holds is meant.
struct ConditionList {
  ottl::Context context = ottl::Context::kResource;
  std::vector<ottl::CompiledCondition> conditions;
  ErrorMode error_mode = ErrorMode::kIgnore;
  uint32_t first_rule = 0;  // the number of the first condition; see Tally
};

}  // namespace millrace::rules
