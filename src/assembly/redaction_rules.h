// Which rules hide what: two configurations with equal hashes redact the same pipelines by the same
// rules. Equal on every machine and in every version, because files keep it.
#pragma once

#include <cstdint>
#include <string_view>

#include "assembly/plan.h"
#include "yaml/node.h"

namespace millrace::assembly {

// Of one processor; 0: its type is no redaction.
uint64_t hash_of_rules(std::string_view type, const yaml::Node& node);
// The hash for all pipelines; 0: nothing is redacted.
uint64_t hash_of_redaction(const Plan& plan);

}  // namespace millrace::assembly
