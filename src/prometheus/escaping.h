// Names outside [a-zA-Z_:][a-zA-Z0-9_:]* for scrapers that do not read UTF-8 names.
//
// Source: Prometheus's escaping schemes
// (https://prometheus.io/docs/instrumenting/escaping_schemes/). No state: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::prometheus {

enum class Escaping : uint8_t {
  kAllowUtf8,    // names as they are, quoted
  kUnderscores,  // each other character becomes _
  kDots,         // . becomes _dot_, _ becomes __, others __
  kValues,       // U__ before the name, _HEX_ for each other character, _ becomes __
};

// The word in Accept and Content-Type: "allow-utf-8", "underscores", "dots", "values".
std::string_view escaping_name(Escaping escaping);

// [a-zA-Z_:][a-zA-Z0-9_:]*
bool is_plain_metric_name(std::string_view name);
// [a-zA-Z_][a-zA-Z0-9_]*
bool is_plain_label_name(std::string_view name);

// A plain name is returned unchanged, whatever the scheme, as Go's client does. Bytes that are not
// UTF-8 count as one U+FFFD each.
std::string escape_metric_name(std::string_view name, Escaping escaping);
// The same for the names of labels, in which a colon is not plain.
std::string escape_label_name(std::string_view name, Escaping escaping);

}  // namespace millrace::prometheus
