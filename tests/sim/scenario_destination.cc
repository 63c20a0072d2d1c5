#include "tests/sim/scenario_destination.h"

#include <fmt/format.h>

#include <array>

#include "tests/sim/scenario_values.h"

namespace millrace::sim_test {
namespace {

// A batch of fixed size, perhaps of one tenant each.
std::string draw_batch(Random& random, bool has_tenants, DestinationScenario& destination) {
  const uint64_t min_size = 1 + random.below(20);
  destination.batch_items_max = random.chance(0.5) ? min_size + random.below(20) : 0;
  const bool is_partitioned = has_tenants && random.chance(0.7);
  return fmt::format(
      "      batch: {{sizer: items, min_size: {}, max_size: {}, flush_timeout: {}{}}}\n", min_size,
      destination.batch_items_max, milliseconds(between(random, 10ms, 2s)),
      is_partitioned ? ", partition: {metadata_keys: [x-tenant]}" : "");
}

}  // namespace

std::string draw_storage_keys(Random& random, bool is_patient, bool& keeps_durable) {
  std::string text = fmt::format("      storage: file_storage\n      queue_size: {}\n",
                                 random.chance(0.3) ? 50 : 5'000);
  if (random.chance(0.3)) {
    text += !is_patient && random.chance(0.4) ? "      on_full: drop_oldest\n"
                                              : "      on_full: block\n";
  }
  if (random.chance(0.3)) text += "      order: newest_first\n";
  if (!is_patient && random.chance(0.2)) {
    text += fmt::format("      storage_max_size: {}\n", 2'000 + random.below(20'000));
  }
  if (!is_patient && random.chance(0.2)) {
    text += fmt::format("      storage_max_age: {}\n", milliseconds(between(random, 1s, 20s)));
  }
  const bool survives = !is_patient && random.chance(0.2);
  const bool spills = !is_patient && random.chance(0.2);
  if (survives) text += "      on_storage_error: memory\n";
  if (spills) text += "      spill: true\n";
  keeps_durable = !survives && !spills;
  return text;
}

namespace {

// Its memory is small, so that most of a misbehaving sink's backlog is on disk only.
std::string draw_stored_queue(Random& random, const Scenario& scenario,
                              DestinationScenario& destination) {
  std::string text =
      fmt::format("    sending_queue:\n      num_consumers: {}\n      wait_for_result: {}\n",
                  1 + random.below(4), destination.waits_for_result);
  text += draw_storage_keys(random, scenario.storage.is_patient, destination.keeps_durable);
  if (random.chance(0.3)) text += draw_batch(random, scenario.has_tenants, destination);
  return text;
}

std::string draw_queue(Random& random, bool has_tenants, DestinationScenario& destination) {
  constexpr std::array<const char*, 3> kSizers = {"requests", "items", "bytes"};
  constexpr std::array<const char*, 3> kOnFull = {"reject", "block", "drop_oldest"};
  const size_t sizer = random.below(kSizers.size());
  const bool is_small = random.chance(0.5);
  const uint64_t sizes[] = {is_small ? 3U : 1000U, is_small ? 40U : 5000U,
                            is_small ? 20'000U : 4'000'000U};
  if (random.chance(0.05)) {
    destination.waits_for_result = true;
    return "    sending_queue: {enabled: false}\n";
  }
  destination.waits_for_result = random.chance(0.1);
  std::string text = fmt::format(
      "    sending_queue:\n      sizer: {}\n      queue_size: {}\n      on_full: {}\n"
      "      num_consumers: {}\n      wait_for_result: {}\n",
      kSizers[sizer], sizes[sizer], one_of(random, kOnFull), 1 + random.below(4),
      destination.waits_for_result);
  if (random.chance(0.4)) text += draw_batch(random, has_tenants, destination);
  return text;
}

}  // namespace

std::string draw_retry(Random& random, bool is_patient) {
  if (is_patient) {
    return "    retry_on_failure: {initial_interval: 50ms, max_interval: 2s, max_elapsed_time: "
           "0}\n";
  }
  if (random.chance(0.1)) return "    retry_on_failure: {enabled: false}\n";
  const Duration initial = between(random, 20ms, 1s);
  const Duration longest = initial + between(random, 0s, 5s);
  // Short ones expire, zero means no limit.
  const Duration elapsed = random.chance(0.3)   ? Duration(0s)
                           : random.chance(0.5) ? longest + between(random, 0s, 3s)
                                                : Duration(60s);
  return fmt::format(
      "    retry_on_failure: {{initial_interval: {}, max_interval: {}, max_elapsed_time: {}}}\n",
      milliseconds(initial), milliseconds(longest), milliseconds(elapsed));
}

SinkBehaviour draw_sink(Random& random, const Scenario& scenario, bool is_sick) {
  const Weather weather = scenario.weather;
  SinkBehaviour sink;
  if (scenario.storage.is_patient) {
    if (!is_sick) return sink;
    sink.refuse_with_wish = 0.02 + 0.2 * random.unit();
    sink.refuse = 0.3 * random.unit();
    if (random.chance(0.5)) sink.hang = 0.1 * random.unit();
    if (random.chance(0.5)) sink.take_and_hang = 0.1 * random.unit();
    if (random.chance(0.5)) sink.slow = 0.3 * random.unit();
    sink.slow_max = 500ms;
    if (random.chance(0.4)) {
      sink.vanish_every = between(random, 1s, 8s);
      sink.vanish_max = random.chance(0.5) ? 1s : 20s;
    }
    if (random.chance(0.3)) sink.lie_refused = 0.2 * random.unit();
    return sink;
  }
  if (random.chance(0.3)) sink.poison_every = 20 + random.below(80);
  if (random.chance(0.3)) sink.giant_every = 20 + random.below(80);
  if (random.chance(0.3)) sink.items_max = 1 + static_cast<uint32_t>(random.below(20));
  if (random.chance(0.3)) sink.partial = 0.2;
  if (!is_sick) return sink;
  if (random.chance(0.7)) sink.refuse_with_wish = 0.3 * random.unit();
  if (random.chance(0.7)) sink.refuse = 0.5 * random.unit();
  if (random.chance(0.3)) sink.refuse_for_good = 0.1 * random.unit();
  if (weather == Weather::kClear) return sink;
  if (random.chance(0.7)) sink.hang = 0.3 * random.unit();
  if (random.chance(0.3)) sink.take_and_hang = 0.2 * random.unit();
  if (random.chance(0.5)) sink.slow = 0.5 * random.unit();
  if (random.chance(0.3)) sink.reset = 0.1 * random.unit();
  if (random.chance(0.2)) sink.lie_refused = 0.2 * random.unit();
  if (random.chance(0.2)) sink.lie_rejected = 0.2 * random.unit();
  if (random.chance(0.2)) sink.lie_too_large = 0.05 * random.unit();
  sink.slow_max = random.chance(0.5) ? 500ms : 8s;
  if (random.chance(0.3)) sink.restart_every = between(random, 1s, 8s);
  if (random.chance(0.3)) {
    sink.vanish_every = between(random, 1s, 8s);
    sink.vanish_max = random.chance(0.5) ? 1s : 20s;
  }
  return sink;
}

std::string draw_exporter(Random& random, const Scenario& scenario,
                          DestinationScenario& destination) {
  constexpr std::array<const char*, 3> kCodings = {"none", "gzip", "zstd"};
  // Compression of thousands of requests would take most of the time of a seed with a disk.
  const bool may_compress = !scenario.storage.is_used || random.chance(0.25);
  const bool is_grpc = destination.exporter.starts_with("otlp_grpc");
  std::string text = fmt::format("  {}:\n", destination.exporter);
  if (is_grpc) {
    text += fmt::format("    endpoint: {}:{}\n    tls: {{insecure: true}}\n", destination.host,
                        destination.port);
  } else {
    text += fmt::format("    endpoint: http://{}:{}\n    encoding: {}\n", destination.host,
                        destination.port,
                        random.chance(scenario.storage.is_used ? 0.1 : 0.3) ? "json" : "proto");
  }
  text += fmt::format("    compression: {}\n    timeout: {}\n    required: {}\n",
                      may_compress ? one_of(random, kCodings) : kCodings[0],
                      milliseconds(between(random, 500ms, 5s)), destination.is_required);
  text += draw_retry(random, scenario.storage.is_patient);
  if (!destination.has_storage) return text + draw_queue(random, scenario.has_tenants, destination);
  return text + draw_stored_queue(random, scenario, destination);
}

}  // namespace millrace::sim_test
