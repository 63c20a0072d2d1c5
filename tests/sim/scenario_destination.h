// Draws the destinations of a scenario: how their sinks behave, and their exporters' YAML.
#pragma once

#include <string>

#include "base/random.h"
#include "tests/sim/scenario.h"

namespace millrace::sim_test {

SinkBehaviour draw_sink(Random& random, const Scenario& scenario, bool is_sick);
// The exporter's whole section. Notes in `destination` what it decides.
std::string draw_exporter(Random& random, const Scenario& scenario,
                          DestinationScenario& destination);
// The common keys of exporters and connectors. Sets whether all durable items stay durable there.
std::string draw_storage_keys(Random& random, bool is_patient, bool& keeps_durable);
std::string draw_retry(Random& random, bool is_patient);

}  // namespace millrace::sim_test
