// Reads groups of statements and lists of conditions from the configuration, with otelcol's keys,
// defaults and rules. Every error says the place in the file, the place in the statement, the
// nearest name and what is allowed. For start-up, one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/signal.h"
#include "config/section.h"
#include "rules/rule.h"

namespace millrace::rules {

// `error_mode`: ignore, silent or propagate, in any case.
void read_error_mode(config::Section& section, ErrorMode* mode);

// `trace_statements`: a list of statements, or of mappings with `context`, `conditions`,
// `statements`, `error_mode` and `shared_cache`.
void read_statement_groups(config::Section& section, std::string_view key, Signal signal,
                           ErrorMode default_mode, std::vector<StatementGroup>* groups);

// `trace_conditions`: a list of conditions, or of mappings with `context`, `conditions` and
// `error_mode`. Each mapping becomes a set; in a list of conditions each finds its own context.
// Returns whether the key has a list.
bool read_condition_sets(config::Section& section, std::string_view key, Signal signal,
                         ErrorMode default_mode, std::vector<std::vector<ConditionList>>* sets);

// `span`: conditions of one context. Returns whether the key has a list.
bool read_conditions(config::Section& section, std::string_view key, ottl::Context context,
                     ErrorMode mode, std::vector<ConditionList>* set);

// Numbers the rules and returns their texts.
std::vector<std::string> number_rules(std::vector<StatementGroup>& groups);
std::vector<std::string> number_rules(std::vector<std::vector<ConditionList>>& sets);

}  // namespace millrace::rules
