// Reads the grammar of OTTL into syntax trees. Errors are INVALID_ARGUMENT with line and column,
// the statement and a caret (diagnostic.h). Pure functions. Cost: linear in the text for all but
// nested brackets, which are read once more for each level around them.
//
// Known differences to otelcol: lambda expressions, which otelcol has behind a feature gate, are an
// error that says so; spaces inside the name of a function are refused.
#pragma once

#include <string_view>

#include "base/result.h"
#include "ottl/syntax.h"

namespace millrace::ottl {

// `set(name, "a") where kind == 1`
Result<Statement> parse_statement(std::string_view text);
// `name == "a" or IsMatch(name, "b")`
Result<Expression> parse_condition(std::string_view text);
// `Concat([name, "a"], "-")`
Result<Expression> parse_value(std::string_view text);

}  // namespace millrace::ottl
