// What the debug exporter prints of one batch. Precondition: the request passed admission. No
// state.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/signal.h"

namespace millrace::exporters {

// One line for each resource, scope and item: name or body, ids, values, attributes.
std::string to_normal_text(Signal signal, const Rope& request);
// Everything, as otelcol's detailed verbosity lays it out.
std::string to_detailed_text(Signal signal, const Rope& request);

}  // namespace millrace::exporters
