// From text to program: parsing, name resolution and type check. For start-up. Errors are
// INVALID_ARGUMENT with line and column, the statement and a caret, the nearest name, and the names
// that are valid there.
//
// As in otelcol, types are checked where a constant is passed; a path of the wrong type is an error
// when the statement runs.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/signal.h"
#include "ottl/program.h"

namespace millrace::ottl {

enum class Prefix : uint8_t {
  kRequired,  // `span.name`: the context was inferred
  kOptional,  // `name` as well: the context is configured
};

struct Surroundings {
  Context context = Context::kResource;
  Prefix prefix = Prefix::kRequired;
};

Result<CompiledStatement> compile_statement(std::string_view text, const Surroundings& in);
Result<CompiledCondition> compile_condition(std::string_view text, const Surroundings& in);

// The context in which a group of statements and conditions runs, from the prefixes of their paths:
// the lowest context that they name, or the next lower one that knows their functions and symbols.
// INVALID_ARGUMENT when there is none.
Result<Context> infer_context(Signal signal, std::span<const std::string> statements,
                              std::span<const std::string> conditions);

}  // namespace millrace::ottl
