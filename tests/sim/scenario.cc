#include "tests/sim/scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "tests/sim/numbered_items.h"
#include "tests/sim/scenario_destination.h"
#include "tests/sim/scenario_rules.h"
#include "tests/sim/scenario_values.h"

namespace millrace::sim_test {
namespace {

void draw_network(Random& random, Scenario& scenario) {
  switch (scenario.weather) {
    case Weather::kClear:
    case Weather::kCloudy:
      break;
    case Weather::kStorm:
      scenario.faults = io::sim::NetworkFaults::hostile();
      scenario.has_partitions = random.chance(0.5);
      scenario.has_resets = random.chance(0.5);
      break;
  }
}

std::string draw_failover(Random& random, Scenario& scenario) {
  FailoverScenario& failover = scenario.failover;
  const bool is_patient = scenario.storage.is_patient;
  failover.is_used = true;
  failover.has_storage = scenario.storage.is_used && random.chance(0.7);
  const std::string name(signal_name(failover.signal));
  std::string text = fmt::format(
      "connectors:\n  failover:\n    priority_levels: [[{0}/first], [{0}/second]]\n"
      "    retry_interval: {1}\n",
      name, milliseconds(between(random, 100ms, 10s)));
  text += draw_retry(random, is_patient);
  if (failover.has_storage) {
    text += "    sending_queue:\n";
    text += draw_storage_keys(random, is_patient, failover.keeps_durable);
  }
  return text;
}

std::string draw_levels(Random& random, Rules& rules, Scenario& scenario,
                        const std::string& shared) {
  const Signal signal = scenario.failover.signal;
  const std::string name(signal_name(signal));
  const size_t first = random.below(2);
  Route route{.signal = signal};
  std::string text =
      fmt::format("    {}: {{receivers: [otlp], processors: {}, exporters: [failover]}}\n", name,
                  rules.draw_list(shared, "", route));
  for (const auto& [level, destination] : {std::pair{"first", first}, {"second", 1 - first}}) {
    text += fmt::format("    {}/{}: {{receivers: [failover], exporters: [{}]}}\n", name, level,
                        scenario.destinations[destination].exporter);
    route.destination = destination;
    scenario.routes.push_back(route);
  }
  return text;
}

// Traces go to both destinations by one pipeline, by one each, or to the second by two pipelines.
std::string draw_pipelines(Random& random, Scenario& scenario, const std::string& shared) {
  const bool edits = random.chance(0.4);
  const char* const resource = random.chance(0.5) ? ", resource" : "";
  const std::string first = scenario.destinations[0].exporter;
  const std::string second = scenario.destinations[1].exporter;
  Rules rules(scenario.seed);
  const bool transforms = edits && rules.draws_transform();
  if (transforms) scenario.edit_text = "once";
  const char* const editor = transforms ? "transform" : "attributes";
  Route route{.signal = Signal::kTraces, .is_edited = edits};
  const std::string processors =
      rules.draw_list(shared, edits ? fmt::format("{}{}", editor, resource) : "", route);
  const uint64_t shape = random.below(4);
  const std::string both = first + ", " + second;
  std::string text =
      fmt::format("    traces: {{receivers: [otlp], processors: {}, exporters: [{}]}}\n",
                  processors, shape == 1 ? first : both);
  scenario.routes.push_back(route);
  route.destination = 1;
  if (shape != 1) scenario.routes.push_back(route);
  if (shape <= 1) {
    route.is_edited = false;
    text +=
        fmt::format("    traces/second: {{receivers: [otlp], processors: {}, exporters: [{}]}}\n",
                    rules.draw_list(shared, "", route), second);
    scenario.routes.push_back(route);
  }
  for (const Signal signal : {Signal::kMetrics, Signal::kLogs}) {
    if (scenario.fails_over(signal)) {
      text += draw_levels(random, rules, scenario, shared);
      continue;
    }
    Route both_ways{.signal = signal};
    // A data point has no id to filter by.
    const std::string list = signal == Signal::kLogs ? rules.draw_list(shared, "", both_ways)
                                                     : fmt::format("[{}]", shared);
    text += fmt::format("    {}: {{receivers: [otlp], processors: {}, exporters: [{}]}}\n",
                        signal_name(signal), list, both);
    for (both_ways.destination = 0; both_ways.destination < 2; ++both_ways.destination) {
      scenario.routes.push_back(both_ways);
    }
  }
  return text;
}

// Actions of the attributes processor. Whatever they are, they add kEditKey and nothing else.
std::string draw_edit(Random& random) {
  const std::array<std::string, 4> edits = {
      fmt::format("{{key: {}, value: here, action: insert}}", kEditKey),
      fmt::format("{{key: {0}, value: here, action: upsert}}, {{key: {0}, value: there, action: "
                  "update}}, {{key: {0}, action: hash}}",
                  kEditKey),
      fmt::format("{{key: sim.copied, value: here, action: insert}}, {{key: {}, from_attribute: "
                  "sim.copied, action: upsert}}, {{key: sim.copied, action: delete}}",
                  kEditKey),
      fmt::format("{{key: {0}, from_context: metadata.x-tenant, action: upsert}}, {{key: {0}, "
                  "value: nobody, action: insert}}",
                  kEditKey)};
  return edits[random.below(edits.size())];
}

std::string draw_file_storage(Random& random, StorageScenario& storage) {
  const bool has_limit = random.chance(0.3);
  std::string text = fmt::format(
      "extensions:\n  file_storage: {{directory: /queue, create_directory: true, "
      "segment_size: 1048576, max_size: {}",
      has_limit ? 4 << 20 : 0);
  if (storage.is_patient) return text + "}\n";
  storage.removes_directory = random.chance(0.2);
  const bool drops_oldest = has_limit && random.chance(0.5);
  const bool has_age = random.chance(0.3);
  storage.gives_up_segments = drops_oldest || has_age;
  if (drops_oldest) text += ", on_full: drop_oldest";
  if (has_age) {
    text += fmt::format(", max_age: {}", milliseconds(between(random, 1s, 20s)));
  }
  return text + "}\n";
}

void draw_collector(Random& random, Scenario& scenario) {
  const auto draw_policy = [&] {
    if (random.chance(0.3)) return Acknowledge::kDelivered;
    return scenario.storage.is_used && random.chance(0.9) ? Acknowledge::kDurable
                                                          : Acknowledge::kAccepted;
  };
  scenario.grpc = draw_policy();
  scenario.http = draw_policy();
  const auto policy = [](Acknowledge how) {
    return how == Acknowledge::kDelivered ? "delivered"
           : how == Acknowledge::kDurable ? "durable"
                                          : "accepted";
  };
  std::string text = "receivers:\n  otlp:\n    protocols:\n";
  const char* const metadata = scenario.has_tenants ? "        include_metadata: true\n" : "";
  text += fmt::format("      grpc:\n        endpoint: 0.0.0.0:4317\n        acknowledge: {}\n{}",
                      policy(scenario.grpc), metadata);
  if (scenario.weather != Weather::kClear && random.chance(0.2)) {
    text += "        keepalive: {server_parameters: {max_connection_age: 3s}}\n";
  }
  text += fmt::format("      http:\n        endpoint: 0.0.0.0:4318\n        acknowledge: {}\n{}",
                      policy(scenario.http), metadata);
  std::string shared;
  text += fmt::format(
      "processors:\n  attributes: {{actions: [{}]}}\n"
      "  resource: {{attributes: [{{key: sim.resource, value: here, action: upsert}}]}}\n",
      draw_edit(random));
  text += rule_processors();
  if (random.chance(0.5)) {
    shared = "memory_limiter";
    text += fmt::format("  memory_limiter: {{check_interval: 1s, limit_mib: {}}}\n",
                        random.chance(0.5) ? 3 + random.below(4) : 64);
  }
  if (random.chance(0.2)) {
    shared += shared.empty() ? "batch" : ", batch";
    text += fmt::format("  batch: {{timeout: {}, send_batch_size: {}}}\n",
                        milliseconds(between(random, 0ms, 1s)), 1 + random.below(30));
  }
  text += "exporters:\n";
  for (DestinationScenario& destination : scenario.destinations) {
    text += draw_exporter(random, scenario, destination);
  }
  if (random.chance(0.3)) text += draw_failover(random, scenario);
  if (scenario.storage.is_used) {
    text += draw_file_storage(random, scenario.storage);
  }
  text += "service:\n";
  if (scenario.storage.is_used) text += "  extensions: [file_storage]\n";
  text += "  pipelines:\n" + draw_pipelines(random, scenario, shared);
  scenario.configuration = std::move(text);
  scenario.uses_gzip = scenario.configuration.find("compression: gzip") != std::string::npos;
}

// A thousand requests and more, small and fast.
void draw_many_requests(Random& random, Scenario& scenario) {
  const uint64_t count = 4 + random.below(3);
  const bool has_json = random.chance(0.15);
  const bool has_gzip = random.chance(0.1);
  const bool has_bad_data = random.chance(0.25);
  for (uint64_t index = 0; index < count; ++index) {
    ClientScenario client;
    client.kind = index % 3 == 1 ? ClientKind::kHttpProtobuf : ClientKind::kGrpc;
    if (has_json && index == 2) client.kind = ClientKind::kHttpJson;
    client.requests = 1000 / static_cast<uint32_t>(count) + 1;
    // If memory is short, items must be large enough to fill it.
    client.items_max = scenario.budget_bytes != 0 ? 16 : 3;
    client.interval_max = std::max<Duration>(1ms, 2 * scenario.trouble / client.requests);
    client.timeout = between(random, 2s, 12s);
    client.attempts_max = 3 + static_cast<uint32_t>(random.below(5));
    if (has_gzip && index == 1) client.gzip = 0.5;
    if (has_bad_data && index == 0) client.bad_data = 0.05;
    scenario.uses_gzip = scenario.uses_gzip || client.gzip != 0;
    scenario.clients.push_back(client);
  }
}

void draw_storage(Random& random, Scenario& scenario) {
  StorageScenario& storage = scenario.storage;
  storage.is_used = true;
  storage.is_patient = random.chance(0.6);
  storage.crashes = 1 + static_cast<uint32_t>(random.below(4));
  storage.clean_restarts = static_cast<uint32_t>(random.below(2));
  if (random.chance(0.3)) storage.dies_while_starting = 0.5;
  if (random.chance(0.2)) storage.fails_while_starting = 0.5;
  storage.power_cut = random.chance(0.8) ? 0.8 : 0;
  if (random.chance(0.4)) storage.input_output = 0.003 * random.unit();
  if (random.chance(0.3)) storage.no_space = 0.003 * random.unit();
  if (random.chance(0.2)) storage.capacity_bytes = (1 << 20) + random.below(4 << 20);
  storage.lane_delay_max = random.chance(0.7) ? Duration(2ms) : Duration(40ms);
  scenario.ending = Ending::kAfterQuiet;
  scenario.drain_timeout = 20s;
  // A few chunks and room for a few records, so that records that are read back from the disk often
  // find no room.
  constexpr uint64_t kChunk = 512 << 10;
  if (random.chance(0.15)) {
    scenario.budget_bytes = (6 + random.below(6)) * kChunk + random.below(64 << 10);
  }
}

void draw_clients(Random& random, Scenario& scenario) {
  const uint64_t count = 2 + random.below(3);
  for (uint64_t index = 0; index < count; ++index) {
    ClientScenario client;
    const uint64_t kind = random.below(5);
    client.kind = kind < 2   ? ClientKind::kGrpc
                  : kind < 4 ? ClientKind::kHttpProtobuf
                             : ClientKind::kHttpJson;
    client.requests = 5 + static_cast<uint32_t>(random.below(20));
    client.items_max = random.chance(0.7) ? 12 : 40;
    client.interval_max = random.chance(0.3) ? 20ms : 1s;
    client.timeout = scenario.weather == Weather::kClear ? Duration(60s) : between(random, 2s, 12s);
    client.attempts_max = 2 + static_cast<uint32_t>(random.below(5));
    client.gzip = random.chance(0.4) ? 0.7 : 0;
    client.bad_data = random.chance(0.4) ? 0.15 : 0;
    scenario.uses_gzip = scenario.uses_gzip || client.gzip != 0;
    scenario.clients.push_back(client);
  }
}

}  // namespace

Scenario make_scenario(uint64_t seed, SeedKind kind) {
  // Seeds that differ by the generator's step would otherwise draw the same numbers, shifted by
  // one.
  Random random(Random(seed).next());
  Scenario scenario;
  scenario.seed = seed;
  const uint64_t weather = random.below(10);
  scenario.weather = weather < 3   ? Weather::kClear
                     : weather < 6 ? Weather::kCloudy
                                   : Weather::kStorm;
  draw_network(random, scenario);
  scenario.trouble = between(random, 5s, 40s);
  const uint64_t ending = random.below(20);
  scenario.ending = ending < 3    ? Ending::kInTheMiddle
                    : ending == 3 ? Ending::kWithoutDrain
                                  : Ending::kAfterQuiet;
  scenario.drain_timeout = between(random, 1s, 20s);

  scenario.has_tenants = random.chance(0.4);
  if (kind == SeedKind::kStorage) draw_storage(random, scenario);
  const size_t sick = random.below(2);
  scenario.destinations[0] = {.exporter = "otlp_grpc/a", .host = "sink-a", .port = 4317};
  scenario.destinations[1] = {.exporter = "otlp_http/b", .host = "sink-b", .port = 4318};
  for (size_t index = 0; index < 2; ++index) {
    const bool is_sick = index == sick || random.chance(0.1);
    DestinationScenario& destination = scenario.destinations[index];
    destination.sink = draw_sink(random, scenario, is_sick);
    destination.is_required = random.chance(0.8);
    destination.has_storage = kind == SeedKind::kStorage && (index == sick || random.chance(0.7));
  }
  draw_collector(random, scenario);
  if (kind == SeedKind::kStorage) {
    draw_many_requests(random, scenario);
  } else {
    draw_clients(random, scenario);
  }
  for (ClientScenario& client : scenario.clients) client.names_tenants = scenario.has_tenants;
  // Durable records are lost together with the directory.
  if (scenario.storage.removes_directory) {
    for (DestinationScenario& destination : scenario.destinations) {
      destination.keeps_durable = false;
    }
    scenario.failover.keeps_durable = false;
  }
  add_hostile_peers(kind, scenario);
  return scenario;
}

}  // namespace millrace::sim_test
