// Hands the process's own metrics to the intake of its pipeline, each interval.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metrics/registry.h"
#include "reception/receiver.h"

namespace millrace::receivers::own_telemetry {

// `resource`: the attributes that the configuration sets, by their OTLP names, of which the
// registry knows only labels (service_name).
std::shared_ptr<const reception::ReceiverFactory> make_own_metrics_factory(
    std::vector<std::string> resource_names);

}  // namespace millrace::receivers::own_telemetry
