// A request of the collector's own telemetry: its resource, and the way into its pipeline.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/signal.h"
#include "metrics/registry.h"
#include "reception/receiver.h"
#include "wire/writer.h"

namespace millrace::receivers::own_telemetry {

// The scope of all own telemetry.
inline constexpr std::string_view kScope = "millrace";

// The attributes of the collector's own resource, by the names that OTLP gives them: the registry
// knows only labels (target_info). `names`: those that the configuration sets.
metrics::Labels resource_of(const std::vector<metrics::MetricValue>& metrics,
                            const std::vector<std::string>& names);
void write_attributes(wire::Writer& writer, uint32_t number, const metrics::Labels& labels);

// Hands the request to the intake of its signal, with its bytes reserved in the budget. What finds
// no room or is refused is dropped: the log says so, and `on_lost` is called, at once or in a later
// turn of the loop. What it uses outlives the intake.
void hand_in(const reception::ReceiverParts& parts, Signal signal, const Bytes& bytes,
             uint32_t item_count, const std::function<void()>& on_lost);

}  // namespace millrace::receivers::own_telemetry
