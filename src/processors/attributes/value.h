// Values of attributes between types and as hashes. Pure functions; encoded values are contents of
// an AnyValue.
#pragma once

#include <optional>
#include <string>

#include "otlp/views.h"
#include "processors/attributes/options.h"

namespace millrace::processors::attributes {

// SHA-256 in hexadecimal digits of text, one byte of a bool, or eight bytes (little end first) of a
// number; empty text for everything else, as otelcol has it.
std::string hash_value(const otlp::AnyValueView& value);

// The encoded value of another type, or nothing when it stays: of that type already, or text that
// is no number.
std::optional<std::string> convert_value(const otlp::AnyValueView& value, Action::Target target);

}  // namespace millrace::processors::attributes
