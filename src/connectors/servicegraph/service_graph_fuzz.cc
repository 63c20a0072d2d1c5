// Sends halves of requests to two workers in any order, and compares the emitted counts with a
// naive twin that pairs halves in a map: each pair is counted once, under its services, and a half
// is never counted alone while its time is not over.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "connectors/servicegraph/service_graph.h"
#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/attribute_list.h"
#include "otlp/testing/each_point.h"
#include "otlp/views.h"
#include "pipeline/testing/recording_intake.h"
#include "wire/writer.h"

namespace {

using namespace millrace;
using namespace millrace::connectors::servicegraph;

struct Half {
  uint8_t request = 0;
  bool is_client = false;
  uint8_t service = 0;
};

std::string service_name(uint8_t number) { return "s" + std::to_string(number); }

void write_span(const Half& half, wire::Writer& w) {
  const auto resource_spans = w.open(1);
  const auto resource = w.open(1);
  const auto entry = w.open(1);
  w.string_field(1, "service.name");
  w.bytes_field(2, as_span(otlp::encode_string_value(service_name(half.service))));
  w.close(entry);
  w.close(resource);
  const auto scope = w.open(2);
  const auto span = w.open(2);
  w.string_field(1, std::string(16, 't'));
  std::string id(8, 'i');
  id[0] = static_cast<char>(half.request);
  w.string_field(half.is_client ? 2 : 4, id);
  w.varint_field(6, half.is_client ? 3 : 2);
  w.fixed64_field(7, 1'000);
  w.fixed64_field(8, 2'000);
  w.close(span);
  w.close(scope);
  w.close(resource_spans);
}

struct Side {
  Side(io::sim::World& world, Budget& budget, const std::string& name)
      : loop(world.make_loop(name)), pool(budget, 0), long_work(*loop, pool) {}
  std::unique_ptr<io::Loop> loop;
  ChunkPool pool;
  io::LongWork long_work;
  pipeline::ConnectorOutputs outputs;
  pipeline::testing::RecordingIntake* intake = nullptr;
  std::unique_ptr<pipeline::Exporter> exporter;
};

using Counts = std::map<std::pair<std::string, std::string>, uint64_t>;

std::string text_attribute(otlp::MessageBytes point, std::string_view key) {
  const auto value = otlp::find_attribute(point, 7, key);
  MILLRACE_CHECK(value.has_value());
  return std::string(value->text);
}

Counts read_counts(const Rope& request) {
  Counts counts;
  testing::for_each_point(request, [&](const testing::PointInRequest& point) {
    const otlp::DataPointView& view = point.view;
    MILLRACE_CHECK(view.start_time_unix_nano <= view.time_unix_nano);
    if (point.metric.type != otlp::MetricType::kSum) {
      uint64_t sum = 0;
      for (const uint64_t count : view.bucket_counts) sum += count;
      MILLRACE_CHECK(sum == view.count);
      MILLRACE_CHECK(view.bucket_counts.size() == view.explicit_bounds.size() + 1);
      return;
    }
    const auto edge =
        std::pair(text_attribute(point.bytes, "client"), text_attribute(point.bytes, "server"));
    MILLRACE_CHECK(counts.emplace(edge, static_cast<uint64_t>(*view.as_int)).second);
  });
  return counts;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  io::sim::World world(1);
  testing::TestWork own;
  Side sides[2] = {{world, own.budget, "a"}, {world, own.budget, "b"}};
  Logger log{{}, nullptr, nullptr};
  metrics::Registry metrics;
  const std::string name = "g";
  const std::function<WallTime()> wall_clock = [&] {
    return WallTime(sides[0].loop->now().time_since_epoch() + 1h);
  };
  // Nothing expires meanwhile.
  const auto options = std::make_shared<const Options>(
      Options{.bounds = {1, 2}, .edge_ttl = 10h, .peer_attributes = {}});
  std::shared_ptr<Shared> shared;
  for (Side& side : sides) {
    auto intake = std::make_unique<pipeline::testing::RecordingIntake>(*side.loop);
    side.intake = intake.get();
    side.outputs.of_signal[index_of(Signal::kMetrics)] = std::move(intake);
    const Parts parts{.name = name,
                      .loop = *side.loop,
                      .long_work = side.long_work,
                      .budget = own.budget,
                      .log = log,
                      .metrics = metrics,
                      .wall_clock = wall_clock,
                      .outputs = side.outputs};
    if (shared == nullptr) shared = make_shared(options, parts);
    side.exporter = make_service_graph(shared, parts);
  }

  std::map<uint8_t, Half> waiting;  // by request
  Counts twin;
  for (size_t batches = 0; !input.empty() && batches < 40; ++batches) {
    wire::Writer w(1024);
    uint32_t count = 0;
    for (size_t spans = 1 + input.choice(3); spans > 0; --spans, ++count) {
      const Half half{.request = static_cast<uint8_t>(1 + input.choice(5)),
                      .is_client = input.choice(2) == 0,
                      .service = static_cast<uint8_t>(input.choice(3))};
      write_span(half, w);
      const auto found = waiting.find(half.request);
      if (found == waiting.end() || found->second.is_client == half.is_client) {
        waiting[half.request] = half;  // the later one wins
        continue;
      }
      const Half& client = half.is_client ? half : found->second;
      const Half& server = half.is_client ? found->second : half;
      ++twin[{service_name(client.service), service_name(server.service)}];
      waiting.erase(found);
    }
    sides[input.choice(2)].exporter->send_batch({.signal = Signal::kTraces,
                                                 .item_count = count,
                                                 .bytes = Rope(Bytes::copy_of(w.view())),
                                                 .metadata = nullptr},
                                                kNever, [](const pipeline::Outcome&) {});
    world.run_for(1ms);
  }
  sides[0].intake->payloads.clear();
  world.run_for(61s);
  Counts emitted;
  for (const pipeline::Payload& payload : sides[0].intake->payloads) {
    MILLRACE_CHECK(otlp::admit(Signal::kMetrics, payload.bytes.to_bytes().view()));
    emitted.merge(read_counts(payload.bytes));
  }
  MILLRACE_CHECK(emitted == twin);
  MILLRACE_CHECK(sides[1].intake->payloads.empty());
  return 0;
}
