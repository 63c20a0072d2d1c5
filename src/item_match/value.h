// Values of attributes in the configuration. Pure functions; encoded values are contents of an
// AnyValue.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "otlp/views.h"
#include "yaml/node.h"

namespace millrace::item_match {

// YAML's types become OTLP's: quoted scalars and words are text, lists arrays, mappings kvlists.
std::string encode_value(const yaml::Node& node);

// Equal in type and content; the int 1 is not the double 1. The order of a kvlist's entries does
// not matter; `wanted`, which comes from the configuration, has no key twice.
bool equal_values(const otlp::AnyValueView& wanted, const otlp::AnyValueView& value);

// Text of a bool or a number, which has no exponent; nothing for values of other types.
std::optional<std::string> scalar_text(const otlp::AnyValueView& value);

// The whole text as a number in base 10, as Go's strconv.ParseInt reads it.
std::optional<int64_t> parse_integer(std::string_view text);
// As Go's strconv.ParseFloat reads it: also "inf", "0x1p-2" and numbers nearer to zero than a
// double; nothing for numbers beyond the largest one.
std::optional<double> parse_double(std::string_view text);

// "INFO", "info2", "9"; nothing when it is no severity.
std::optional<int32_t> parse_severity(std::string_view text);

}  // namespace millrace::item_match
