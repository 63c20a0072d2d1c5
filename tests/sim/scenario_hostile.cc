// Draws the hostile peers of a seed separately from the rest, so that seeds without any stay
// unchanged.
#include <algorithm>

#include "base/random.h"
#include "tests/sim/hostile_speech.h"
#include "tests/sim/scenario.h"

namespace millrace::sim_test {
namespace {

constexpr uint64_t kOwnSequence = 0xbadbad;
constexpr uint16_t kGrpcPort = 4317;
constexpr uint16_t kHttpPort = 4318;

Reading draw_reading(Random& random) {
  const uint64_t number = random.below(10);
  return number < 5   ? Reading::kNothing
         : number < 8 ? Reading::kEverything
                      : Reading::kOneByteASecond;
}

Pace draw_pace(Random& random) {
  return random.chance(0.8) ? Pace::kAsFastAsTaken : Pace::kOneByteASecond;
}

HostileClientScenario draw_client(Random& random) {
  const auto speeches = client_speeches();
  const Speech& speech = speeches[random.below(speeches.size())];
  HostileClientScenario client;
  client.habits = {.speech = &speech,
                   .reading = draw_reading(random),
                   .pace = draw_pace(random),
                   .bytes_max = size_t{32 << 10} << random.below(5)};
  // These have to be received whole.
  const std::string_view name(speech.name);
  if (name.ends_with("_empty_spans") || name.ends_with("_empty_objects")) {
    client.habits.pace = Pace::kAsFastAsTaken;
    client.habits.bytes_max = size_t{8} << 20;
  }
  const bool is_http2 = std::string_view(speech.name).starts_with("http2");
  client.port = is_http2 && random.chance(0.7) ? kGrpcPort : kHttpPort;
  client.connections = 1 + static_cast<uint32_t>(random.below(4));
  client.connections_made_max = client.connections + static_cast<uint32_t>(random.below(10));
  return client;
}

// A speech of a patient back end must not be read as a final answer.
bool may_be_final(const Speech& speech) {
  return std::string_view(speech.name).ends_with("endless_body");
}

void draw_impostor(Random& random, const Scenario& scenario, DestinationScenario& destination) {
  const bool is_http1 = destination.exporter.starts_with("otlp_http");
  const auto speeches = is_http1 ? http1_back_end_speeches() : http2_back_end_speeches();
  const Speech& speech = speeches[random.below(speeches.size())];
  if (scenario.storage.is_patient && may_be_final(speech)) return;
  SinkBehaviour& sink = destination.sink;
  // Without reading it does not notice that it should answer.
  const Reading reading = speech.listens_bytes == 0 ? draw_reading(random) : Reading::kEverything;
  sink.impostor = {.speech = &speech,
                   .reading = reading,
                   .pace = draw_pace(random),
                   .bytes_max = size_t{256 << 10} << random.below(5)};
  if (sink.vanish_every == 0s) {
    sink.vanish_every = 3s;
    sink.vanish_max = 10s;
  }
}

}  // namespace

void add_hostile_peers(SeedKind kind, Scenario& scenario) {
  Random random(Random(scenario.seed ^ kOwnSequence).next());
  const double share = kind == SeedKind::kStorage ? 0.15 : 0.5;
  if (random.chance(share)) {
    for (uint64_t count = 1 + random.below(2); count > 0; --count) {
      scenario.hostile_clients.push_back(draw_client(random));
    }
  }
  // In clear weather the sinks always answer truthfully.
  if (scenario.weather != Weather::kClear && random.chance(share)) {
    draw_impostor(random, scenario, scenario.destinations[random.below(2)]);
  }
}

}  // namespace millrace::sim_test
