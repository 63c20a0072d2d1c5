// The checks at the end of every run, whatever went wrong before. Each check appends a
// sentence for every violation; a run without sentences has passed.
//
// At-least-once permits that an item reaches a sink more often than the ledger says (an answer
// was lost, so it was sent again, or was dropped although it had arrived). It never permits the
// opposite: an item that is delivered in the ledger but not taken by a sink, or acknowledged but
// neither taken nor counted as dropped.
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

// Call when no loop runs any more.
void check_ledger(const World& world, Problems& problems);
void check_budget(const World& world, Problems& problems);
void check_sinks(const World& world, Problems& problems);
void check_acknowledged(const World& world, Problems& problems);
void check_bad_data(const World& world, Problems& problems);
// Only for Scenario::answers_at_once, whatever hostile peers do.
void check_answers(const World& world, Problems& problems);
// Only for Scenario::is_exact: all numbers agree.
void check_exact(const World& world, Problems& problems);

void count_outcomes(const World& world, Coverage& coverage);

}  // namespace millrace::sim_test
