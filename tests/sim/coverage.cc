#include "tests/sim/coverage.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "io/sim/world.h"
#include "ledger/ledger.h"
#include "tests/sim/hostile_speech.h"

namespace millrace::sim_test {
namespace {

void require(Coverage& coverage, const std::string& prefix,
             std::initializer_list<const char*> names) {
  for (const char* name : names) coverage.require(prefix + name);
}

void require_drops(Coverage& coverage, std::initializer_list<ledger::DropReason> reasons) {
  for (const ledger::DropReason reason : reasons) {
    coverage.require("ledger.dropped." + std::string(ledger::drop_reason_name(reason)));
  }
}

void require_network(Coverage& coverage) {
  for (size_t fault = 0; fault < io::sim::kFaultCount; ++fault) {
    coverage.require("network." +
                     std::string(io::sim::fault_name(static_cast<io::sim::Fault>(fault))));
  }
  require(coverage, "script.", {"partition", "reset"});
}

void require_hostile_peers(Coverage& coverage) {
  for (const Speech& speech : client_speeches()) {
    coverage.require(std::string("hostile.") + speech.name);
  }
  require(coverage, "hostile.",
          {"reads_everything", "reads_nothing", "reads_one_byte_a_second", "as_fast_as_taken",
           "one_byte_a_second", "connection_ended"});
  for (const auto speeches : {http1_back_end_speeches(), http2_back_end_speeches()}) {
    for (const Speech& speech : speeches) {
      coverage.require(std::string("sink.impostor.") + speech.name);
    }
  }
  require(coverage, "sink.impostor.", {"reads_everything", "reads_nothing"});
}

void require_disk(Coverage& coverage) {
  for (const char* what : {"disk.input_output.", "disk.last_call."}) {
    require(coverage, what,
            {"open_to_read", "create", "read", "write", "sync", "allocate", "remove",
             "sync_directory"});
  }
  require(coverage, "disk.no_space.", {"create", "write", "sync", "allocate"});
  require(coverage, "disk.",
          {"full", "short_write", "lost_in_failed_sync", "lost_sector", "torn_file", "lost_size",
           "lost_name", "name_came_back", "removed_directory"});
  require(coverage, "crash.",
          {"power_cut", "killed", "at_disk_call", "between_disk_calls", "while_starting",
           "while_draining", "clock_jump"});
  require(coverage, "start.", {"clean", "on_failing_disk", "refused_by_disk"});
}

}  // namespace

void require_everything(SeedKind kind, Coverage& coverage) {
  require_network(coverage);
  require(coverage, "sink.",
          {"refused_with_wish", "refused", "refused_for_good", "bad_data", "too_large", "hung",
           "took_and_hung", "slow", "reset", "vanished", "restarted_with_goaway", "partial_success",
           "lied_refused", "lied_rejected", "lied_too_large"});
  require(coverage, "client.",
          {"names_a_tenant", "grpc", "http_protobuf", "http_json", "gzip", "acknowledged",
           "partial_success", "refused", "bad_data_refused", "retried", "retried_as_wished",
           "given_up"});
  require(coverage, "",
          {"ledger.delivered", "ledger.rejected_by_peer", "ledger.refused", "budget.refused",
           "run.twice"});
  using ledger::DropReason;
  require_drops(coverage, {DropReason::kRetryExpired, DropReason::kNotRetried, DropReason::kRefused,
                           DropReason::kBadData, DropReason::kTooLarge, DropReason::kDropOldest,
                           DropReason::kHandedBack});
  if (kind == SeedKind::kStorage) {
    require_disk(coverage);
    coverage.require("ledger.recovered");
    require_drops(coverage, {DropReason::kAgeExpired});
    return;
  }
  coverage.require("run.exact");
  coverage.require("run.answers_beside_hostile_clients");
  require_hostile_peers(coverage);
  // Not shutdown, which is counted in the collector's destructor, when it cannot be read any more.
  require_drops(coverage, {DropReason::kQueueFull, DropReason::kDrainDeadline});
}

uint64_t count_faults(const Coverage& coverage) {
  // Faults that occur on a network without injected faults as well.
  constexpr std::array<std::string_view, 2> kEveryday = {"network.send_buffer_full",
                                                         "network.reordered"};
  uint64_t sum = 0;
  for (const auto& [name, times] : coverage.counts()) {
    const bool is_fault = std::ranges::any_of(
        std::array<std::string_view, 5>{"network.", "script.", "sink.", "disk.", "crash."},
        [&name](std::string_view prefix) { return name.starts_with(prefix); });
    if (is_fault && std::ranges::find(kEveryday, name) == kEveryday.end()) sum += times;
  }
  return sum;
}

}  // namespace millrace::sim_test
