// The names of scrape_protocols, the field Accept for them, and the format of a response. Pure
// functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "receivers/prometheus/exposition.h"

namespace millrace::receivers::prometheus {

// "PrometheusText0.0.4"; nothing: there is no such protocol.
std::optional<Format> format_of_protocol(std::string_view name);
// The value of Accept for these protocols, the first preferred. Precondition: known names.
std::string accept_of(std::span<const std::string> protocols);
// Prometheus's own order; with native histograms protobuf stands in front, which alone has them.
std::vector<std::string> default_protocols(bool native_histograms);
// The format of a response; nothing: none of them.
std::optional<Format> format_of_content_type(std::string_view content_type);

}  // namespace millrace::receivers::prometheus
