#include "tests/sim/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "io/fiber.h"
#include "memory/chunk_pool.h"

namespace millrace::sim_test {
namespace {

constexpr Signal kSent[] = {Signal::kTraces, Signal::kMetrics, Signal::kLogs};
// The memory that an idle worker may keep: for each of its two servers a chunk that is read into
// and one for messages that arrive in turns, and the JSON parser's buffers. Its pool keeps the
// memory that its last seconds needed (memory/idle_chunks.h) and has been trimmed by now.
// ~Collector checks that this memory is returned as well.
constexpr size_t kWorkers = 2;
constexpr size_t kIdleChunks = 2 * 2;
constexpr size_t kJsonParserBytes = 6 << 20;
// For a network without faults.
constexpr Duration kAnswerMax = 1s;

uint32_t routes_to(const Scenario& scenario, Signal signal, size_t destination) {
  uint32_t count = 0;
  for (const Route& route : scenario.routes) {
    if (route.signal == signal && route.destination == destination) ++count;
  }
  return count;
}

// The routes on which a filter removes that item.
uint32_t routes_that_filter(const Scenario& scenario, Signal signal, size_t destination,
                            uint64_t number) {
  if (!is_filtered(signal, number)) return 0;
  uint32_t count = 0;
  for (const Route& route : scenario.routes) {
    if (route.signal == signal && route.destination == destination && route.is_filtered) ++count;
  }
  return count;
}

// The sum of all accounts of that destination and signal, since the process started.
ledger::AccountSnapshot sum_of(assembly::Collector& collector, Signal signal,
                               const std::string& exporter) {
  ledger::AccountSnapshot sum;
  for (const ledger::Account* account : collector.ledger().accounts()) {
    if (account->signal() == signal && account->destination() == exporter) {
      sum += account->snapshot();
    }
  }
  return sum;
}

// The same for all lives of the process.
ledger::AccountSnapshot whole_sum_of(const World& world, Signal signal,
                                     const std::string& exporter) {
  ledger::AccountSnapshot sum = sum_of(world.collector, signal, exporter);
  const auto past = world.process.past().find({signal, exporter});
  if (past != world.process.past().end()) sum += past->second;
  return sum;
}

template <class Visit>
void for_each_way(const World& world, const Visit& visit) {
  for (const Signal signal : kSent) {
    for (size_t index = 0; index < world.sinks.size(); ++index) {
      const DestinationScenario& destination = world.scenario.destinations[index];
      visit(signal, index, whole_sum_of(world, signal, destination.exporter),
            fmt::format("{} {}", signal_name(signal), destination.exporter));
    }
  }
}

// The place where acknowledged items must arrive: one sink, or one of the two behind a failover.
struct Target {
  std::string name;
  Signal signal = Signal::kTraces;
  std::vector<size_t> sinks;
  bool is_required = true;
  bool waits_for_result = false;
  bool keeps_durable = false;
  ledger::AccountSnapshot sum;  // of all destinations on the way
  uint64_t lost_uncounted = 0;

  bool is_awaited(Acknowledge policy) const {
    return is_required && (waits_for_result || policy == Acknowledge::kDelivered);
  }
  bool is_durable(Acknowledge policy) const {
    return is_required && keeps_durable && policy == Acknowledge::kDurable;
  }
};

void add_account(const World& world, const std::string& exporter, Target& target) {
  target.sum += whole_sum_of(world, target.signal, exporter);
  target.lost_uncounted += world.process.lost_uncounted(target.signal, exporter);
}

std::vector<Target> targets_of(const World& world) {
  const Scenario& scenario = world.scenario;
  std::vector<Target> targets;
  for (const Signal signal : kSent) {
    if (scenario.fails_over(signal)) {
      // A best-effort destination answers OK at once.
      Target& target =
          targets.emplace_back(Target{.name = fmt::format("{} failover", signal_name(signal)),
                                      .signal = signal,
                                      .sinks = {0, 1},
                                      .is_required = scenario.destinations[0].is_required &&
                                                     scenario.destinations[1].is_required,
                                      .keeps_durable = scenario.failover.keeps_durable});
      add_account(world, "failover", target);
      for (const DestinationScenario& level : scenario.destinations) {
        add_account(world, level.exporter, target);
      }
      continue;
    }
    for (size_t index = 0; index < world.sinks.size(); ++index) {
      if (routes_to(scenario, signal, index) == 0) continue;
      const DestinationScenario& destination = scenario.destinations[index];
      Target& target = targets.emplace_back(
          Target{.name = fmt::format("{} {}", signal_name(signal), destination.exporter),
                 .signal = signal,
                 .sinks = {index},
                 .is_required = destination.is_required,
                 .waits_for_result = destination.waits_for_result,
                 .keeps_durable = destination.keeps_durable});
      add_account(world, destination.exporter, target);
    }
  }
  return targets;
}

struct Missing {
  uint64_t count = 0;
  struct Promised {
    uint64_t number;
    bool was_awaited;
  };
  std::optional<Promised> promised;  // an item whose loss has no excuse
};

// Items acknowledged under a policy that `counts` accepts, which none of the target's sinks took.
template <class Counts>
Missing find_missing(const World& world, const Target& target, const Counts& counts) {
  Missing missing;
  for (const auto& client : world.clients) {
    const Acknowledge policy = world.scenario.policy_over(client->kind());
    if (!counts(policy)) continue;
    const bool is_awaited = target.is_awaited(policy);
    const bool is_promised =
        is_awaited || (target.is_durable(policy) && world.scenario.storage.is_patient);
    for (const Export* one : client->exports()) {
      if (one->signal != target.signal || one->fate != Fate::kAcknowledged) continue;
      for (const uint64_t number : one->numbers) {
        const bool is_there = std::ranges::any_of(target.sinks, [&](size_t sink) {
          return world.sinks[sink]->times_taken(target.signal, number) != 0;
        });
        const bool is_wanted = std::ranges::any_of(target.sinks, [&](size_t sink) {
          return routes_that_filter(world.scenario, target.signal, sink, number) <
                 routes_to(world.scenario, target.signal, sink);
        });
        if (is_there || !is_wanted) continue;
        ++missing.count;
        if (is_promised) missing.promised = {number, is_awaited};
      }
    }
  }
  return missing;
}

}  // namespace

void check_ledger(const World& world, Problems& problems) {
  for (const ledger::Imbalance& imbalance : world.collector.imbalances()) {
    problems.push_back("the ledger does not balance: " + imbalance.to_text());
  }
  const ledger::Amount held = world.collector.held().total();
  if (world.scenario.ending != Ending::kWithoutDrain && held.items != 0 &&
      !world.process.directory_was_removed()) {
    problems.push_back(fmt::format("{} items are held after the drain", held.items));
  }
}

void check_budget(const World& world, Problems& problems) {
  const Budget& budget = world.collector.budget();
  if (budget.peak() > budget.limit()) {
    problems.push_back(
        fmt::format("the budget reached {} of {} bytes", budget.peak(), budget.limit()));
  }
  if (world.scenario.ending == Ending::kWithoutDrain) return;
  // Whether senders or back ends use JSON.
  const bool has_json = world.scenario.configuration.find("encoding: json") != std::string::npos ||
                        std::ranges::any_of(world.scenario.clients, [](const auto& client) {
                          return client.kind == ClientKind::kHttpJson;
                        });
  // Also a chunk whose tail waits for the next output of unknown size (ChunkPool::Tail), and the
  // stack that each worker keeps for the next long message.
  const size_t idle = kWorkers * ((kIdleChunks + 1) * kPooledChunkBytes + io::Fiber::kStackBytes +
                                  (has_json ? kJsonParserBytes : 0));
  // The queues' rings are reserved from start to end.
  const size_t left = budget.used() - budget.used(MemoryTerm::kQueues);
  if (left > idle) {
    std::string terms;
    for (size_t term = 0; term < kMemoryTermCount; ++term) {
      const auto which = static_cast<MemoryTerm>(term);
      if (budget.used(which) == 0) continue;
      terms += fmt::format(" {} {}", memory_term_name(which), budget.used(which));
    }
    problems.push_back(
        fmt::format("{} bytes are reserved after the drain, {} at most:{}", left, idle, terms));
  }
}

// Items that the ledger counts as delivered were taken by the sink.
void check_sinks(const World& world, Problems& problems) {
  for (const auto& sink : world.sinks) {
    problems.insert(problems.end(), sink->problems().begin(), sink->problems().end());
  }
  for_each_way(world, [&](Signal signal, size_t index, const ledger::AccountSnapshot& sum,
                          const std::string& name) {
    const Sink::Counts& counts = world.sinks[index]->counts(signal);
    const uint64_t answered = sum.delivered.items + sum.rejected_by_peer.items;
    if (answered > counts.ok_items) {
      problems.push_back(
          fmt::format("{}: the ledger has {} items delivered or rejected, the sink {}", name,
                      answered, counts.ok_items));
    }
    if (sum.rejected_by_peer.items > counts.rejected_items) {
      problems.push_back(fmt::format("{}: the ledger has {} items rejected, the sink {}", name,
                                     sum.rejected_by_peer.items, counts.rejected_items));
    }
  });
}

// An acknowledged item is at the sink, or counted as dropped in the ledger; under `delivered` it is
// at every required sink, whatever else was dropped.
void check_acknowledged(const World& world, Problems& problems) {
  const bool has_disk = world.scenario.storage.is_used;
  for (const Target& target : targets_of(world)) {
    const Missing missing = find_missing(world, target, [&](Acknowledge policy) {
      // Without a disk the process never dies, so accepted requests count.
      if (!has_disk) return true;
      return target.is_awaited(policy) || target.is_durable(policy);
    });
    if (missing.promised) {
      problems.push_back(fmt::format("{}: {:#x} was acknowledged as {} and is not there",
                                     target.name, missing.promised->number,
                                     missing.promised->was_awaited ? "delivered" : "durable"));
      continue;
    }
    const uint64_t held = world.scenario.ending == Ending::kWithoutDrain
                              ? target.sum.entered().items - target.sum.left().items
                              : 0;
    const uint64_t explained =
        target.sum.dropped_total().items + (has_disk ? target.lost_uncounted : held);
    if (missing.count > explained) {
      problems.push_back(fmt::format("{}: {} acknowledged items did not arrive, {} are dropped",
                                     target.name, missing.count, target.sum.dropped_total().items));
    }
  }
}

void check_bad_data(const World& world, Problems& problems) {
  for (const auto& client : world.clients) {
    for (const Export* one : client->exports()) {
      if (one->is_bad && one->fate == Fate::kAcknowledged) {
        problems.push_back(
            fmt::format("bad data beginning with {:#x} was acknowledged", one->numbers.front()));
      }
    }
  }
}

void check_answers(const World& world, Problems& problems) {
  for (const auto& client : world.clients) {
    if (client->slowest_attempt() > kAnswerMax) {
      problems.push_back(fmt::format("an answer took {} ms, {} at most",
                                     client->slowest_attempt() / 1ms, kAnswerMax / 1ms));
    }
    for (const Export* one : client->exports()) {
      if (one->unanswered == 0) continue;
      problems.push_back(
          fmt::format("{} attempts to send {:#x} heard nothing", one->unanswered, one->numbers[0]));
    }
  }
}

void check_exact(const World& world, Problems& problems) {
  for_each_way(world, [&](Signal signal, size_t index, const ledger::AccountSnapshot& sum,
                          const std::string& name) {
    const uint32_t routes = routes_to(world.scenario, signal, index);
    uint64_t acknowledged = 0;
    uint64_t taken = 0;
    uint64_t filtered = 0;
    for (const auto& client : world.clients) {
      for (const Export* one : client->exports()) {
        if (one->signal != signal) continue;
        if (one->unanswered != 0) return;  // it may have been admitted more than once
        if (one->fate == Fate::kAcknowledged) acknowledged += one->numbers.size();
        for (const uint64_t number : one->numbers) {
          const uint32_t times = world.sinks[index]->times_taken(signal, number);
          taken += times;
          const bool is_acknowledged = one->fate == Fate::kAcknowledged;
          const uint32_t filters = routes_that_filter(world.scenario, signal, index, number);
          if (is_acknowledged) filtered += filters;
          if (times <= (is_acknowledged ? routes - filters : 0)) continue;
          problems.push_back(fmt::format("{}: {:#x} was taken {} times", name, number, times));
          return;
        }
      }
    }
    const uint64_t answered = sum.delivered.items + sum.rejected_by_peer.items;
    if (sum.admitted.items != acknowledged * routes) {
      problems.push_back(fmt::format("{}: {} items acknowledged over {} routes, {} admitted", name,
                                     acknowledged, routes, sum.admitted.items));
    }
    if (sum.filtered.items != filtered) {
      problems.push_back(
          fmt::format("{}: {} acknowledged items are to be filtered, the ledger has {}", name,
                      filtered, sum.filtered.items));
    }
    if (taken != answered) {
      problems.push_back(
          fmt::format("{}: the sink took {} items, the ledger has {}", name, taken, answered));
    }
    if (world.sinks[index]->counts(signal).rejected_items != sum.rejected_by_peer.items) {
      problems.push_back(fmt::format("{}: the sink rejected {} items, the ledger has {}", name,
                                     world.sinks[index]->counts(signal).rejected_items,
                                     sum.rejected_by_peer.items));
    }
  });
}

void count_outcomes(const World& world, Coverage& coverage) {
  for_each_way(world, [&](Signal, size_t, const ledger::AccountSnapshot& sum, const std::string&) {
    coverage.count("ledger.admitted", sum.admitted.items);
    coverage.count("ledger.delivered", sum.delivered.items);
    if (sum.filtered.items != 0) coverage.count("ledger.filtered", sum.filtered.items);
    if (sum.recovered.items != 0) coverage.count("ledger.recovered", sum.recovered.items);
    coverage.count("ledger.rejected_by_peer", sum.rejected_by_peer.items);
    for (size_t reason = 0; reason < ledger::kDropReasonCount; ++reason) {
      if (sum.dropped[reason].items == 0) continue;
      coverage.count("ledger.dropped." + std::string(ledger::drop_reason_name(
                                             static_cast<ledger::DropReason>(reason))),
                     sum.dropped[reason].items);
    }
  });
  for (const ledger::Refusals* receiver : world.collector.ledger().receivers()) {
    if (receiver->refused() != 0) coverage.count("ledger.refused", receiver->refused());
  }
  if (world.collector.budget().refusal_count() != 0) {
    coverage.count("budget.refused", world.collector.budget().refusal_count());
  }
}

}  // namespace millrace::sim_test
