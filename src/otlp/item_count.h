// Counts the items of a request or of a part of it: spans, metric data points, log records or
// (profiles) samples. Skips from length to length, so the cost does not depend on the sizes of
// items.
//
// Precondition: the request has passed admission. It may consist of pieces that end anywhere. Pure
// functions. `pace` (null: none) is stepped for each field.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/pace.h"
#include "base/signal.h"
#include "otlp/rope_reader.h"

namespace millrace::otlp {

uint32_t count_items(Signal signal, const Rope& request, Pace* pace = nullptr);

// The items in the message that begins at the reader's position and ends at position `end`, to
// which the reader moves.
uint32_t count_items_in_resource(Signal signal, RopeReader& reader, size_t end, Pace* pace);
uint32_t count_items_in_scope(Signal signal, RopeReader& reader, size_t end, Pace* pace);
// Counts the data points of the last member of the oneof, which is the effective one.
uint32_t count_points_in_metric(RopeReader& reader, size_t end, Pace* pace);

}  // namespace millrace::otlp
