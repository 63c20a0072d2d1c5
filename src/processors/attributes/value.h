// Values of attributes: from the configuration, between types, as hashes. Pure functions; encoded
// values are contents of an AnyValue.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "otlp/views.h"
#include "processors/attributes/options.h"
#include "yaml/node.h"

namespace millrace::processors::attributes {

// YAML's types become OTLP's: quoted scalars and words are text, lists arrays, mappings kvlists.
std::string encode_value(const yaml::Node& node);

// Equal in type and content; the int 1 is not the double 1. Entries of a kvlist in the same order.
bool equal_values(const otlp::AnyValueView& a, const otlp::AnyValueView& b);

// SHA-256 in hexadecimal digits of text, one byte of a bool, or eight bytes (little end first) of a
// number; empty text for everything else, as otelcol has it.
std::string hash_value(const otlp::AnyValueView& value);

// The encoded value of another type, or nothing when it stays: of that type already, or text that
// is no number.
std::optional<std::string> convert_value(const otlp::AnyValueView& value, Action::Target target);

// "INFO", "info2", "9"; nothing when it is no severity.
std::optional<int32_t> parse_severity(std::string_view text);

}  // namespace millrace::processors::attributes
