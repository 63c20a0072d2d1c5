// What must hold at the end of every run, whatever went wrong on the way. Each check appends a
// sentence for what it found; no sentence is a pass.
//
// What at-least-once allows: an item may reach a sink more often than the ledger says (an answer
// got lost, so it was sent again, or was given up although it had arrived). It never allows the
// opposite: delivered in the ledger without a sink that took it, or acknowledged and neither taken
// nor entered as dropped.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "tests/sim/collector_process.h"
#include "tests/sim/coverage.h"
#include "tests/sim/scenario.h"
#include "tests/sim/sdk_client.h"
#include "tests/sim/sink.h"

namespace millrace::sim_test {

struct World {
  const Scenario& scenario;
  assembly::Collector& collector;
  std::array<std::unique_ptr<Sink>, 2>& sinks;
  std::vector<std::unique_ptr<SdkClient>>& clients;
  const CollectorProcess& process;
};

// When no loop runs any more.
void check_ledger(const World& world, Problems& problems);
void check_budget(const World& world, Problems& problems);
void check_sinks(const World& world, Problems& problems);
void check_acknowledged(const World& world, Problems& problems);
void check_bad_data(const World& world, Problems& problems);
// Only Scenario::answers_at_once: however hostile others are.
void check_answers(const World& world, Problems& problems);
// Only Scenario::is_exact: every number agrees with every other.
void check_exact(const World& world, Problems& problems);

void count_outcomes(const World& world, Coverage& coverage);

}  // namespace millrace::sim_test
