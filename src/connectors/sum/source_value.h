// The values of attributes as the sum connector takes them. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "otlp/views.h"

namespace millrace::connectors::sum {

// The number that an attribute adds: its own, or the one that its text is. Everything else, also
// what is not finite, adds 0.
double number_of(const otlp::AnyValueView& value);

// The text that tells points apart, as otelcol prints it. Nothing for values that otelcol
// takes for missing: empty texts, zeros and all other types.
std::optional<std::string> label_of(const otlp::AnyValueView& value);

// Whether a default value of the configuration (content of an AnyValue) is used: a text that is not
// empty, or a number that is not 0.
bool is_default(std::string_view any_value);

}  // namespace millrace::connectors::sum
