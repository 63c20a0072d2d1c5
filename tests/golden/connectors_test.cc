// Connectors make the metrics that those of otelcol-contrib make with the same configuration and
// request. The files in connectors/ hold the cases with otelcol's results (tests/differential
// records them).
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <memory>
#include <string>

#include "assembly/catalogue.h"
#include "config/section.h"
#include "io/sim/sim_file.h"
#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/json/testing/json_request.h"
#include "pipeline/testing/recording_intake.h"
#include "yaml/parse.h"

#include "recorded.h"

namespace millrace {
namespace {

using golden::Order;
using simdjson::dom::element;

// A case has a world of its own, since connectors have timers.
struct Rig {
  io::sim::World world{1};
  std::unique_ptr<io::Loop> loop = world.make_loop("collector");
  testing::TestWork own;
  io::LongWork long_work{*loop, own.pool};
  Logger log{{}, nullptr, nullptr};
  metrics::Registry metrics;
  assembly::Outputs outputs_of_process;
  io::sim::SimFileSystem files;
  const std::function<WallTime()> wall_clock = [] {
    return WallTime(std::chrono::nanoseconds(golden::kRunUnixNano));
  };
  pipeline::ConnectorOutputs outputs;
};

std::string metrics_of(const pipeline::testing::RecordingIntake& intake, size_t count) {
  std::string text;
  size_t number = 0;
  for (const pipeline::Payload& payload : intake.payloads) {
    if (count != 0 && number++ == count) break;
    const auto admitted = otlp::admit(Signal::kMetrics, payload.bytes.to_bytes().view());
    EXPECT_TRUE(admitted.has_value());
    if (admitted) EXPECT_EQ(admitted->item_count, payload.item_count);
    text += golden::canonical_request(Signal::kMetrics,
                                      testing::json_of_request(Signal::kMetrics, payload.bytes),
                                      Order::kAny) +
            "\n";
  }
  return text;
}

std::string run(std::string_view connector, Signal signal, std::string_view request,
                const element& one) {
  const auto kinds = assembly::connector_kinds();
  const auto kind =
      std::ranges::find(kinds, connector, [](const auto& of) { return of.type.type; });
  if (kind == kinds.end()) return "no such connector";
  const auto root = yaml::parse(simdjson::minify(one["config"].value()), "case.yaml");
  if (!root) return "refused: " + root.error().message;
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "connectors::case");
  const assembly::ConnectorReading reading = kind->read(section, std::string(connector));
  section.finish();
  if (diagnostics.has_errors()) return "refused: " + diagnostics.to_text();

  Rig rig;
  auto made_intake = std::make_unique<pipeline::testing::RecordingIntake>(*rig.loop);
  const pipeline::testing::RecordingIntake& intake = *made_intake;
  rig.outputs.of_signal[index_of(Signal::kMetrics)] = std::move(made_intake);
  const std::string name(connector);
  auto made = reading.factory->make({.name = name,
                                     .loop = *rig.loop,
                                     .pool = rig.own.pool,
                                     .long_work = rig.long_work,
                                     .log = rig.log,
                                     .unsampled_log = rig.log,
                                     .metrics = rig.metrics,
                                     .outputs_of_process = rig.outputs_of_process,
                                     .files = rig.files,
                                     .wall_clock = rig.wall_clock,
                                     .outputs = &rig.outputs,
                                     .instance_id = "instance"},
                                    signal);
  if (!made) return "refused: " + made.error().message;
  pipeline::Outcome outcome;
  const Bytes bytes = testing::request_of_json(signal, request);
  (*made)->send_batch({.signal = signal,
                       .item_count = otlp::admit(signal, bytes.view())->item_count,
                       .bytes = Rope(bytes),
                       .metadata = nullptr},
                      kNever, [&](pipeline::Outcome ended) { outcome = std::move(ended); });
  int64_t count = 0;
  static_cast<void>(one["output_count"].get(count));
  rig.world.run_for(count == 0 ? 200ms : 1s);
  if (outcome.kind != pipeline::Outcome::Kind::kDelivered)
    return "failed: " + outcome.error.message;
  return metrics_of(intake, static_cast<size_t>(count));
}

class ConnectorsTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ConnectorsTest, DoWhatOtelcolDoes) {
  simdjson::dom::parser parser;
  const element file =
      parser.load(std::string(MILLRACE_CONNECTORS_DIR "/") + GetParam() + ".json").value();
  for (const element one : file["cases"].get_array()) {
    const Signal signal = golden::signal_named(one["signal"].get_string().value());
    const std::string request =
        simdjson::minify(file["requests"][one["request"].get_string().value()].value());
    const std::string here = run(file["connector"].get_string().value(), signal, request, one);
    const std::string there = golden::expected(Signal::kMetrics, one, Order::kAny);
    std::string_view deviation;
    if (one["deviation"].get(deviation) == simdjson::SUCCESS) {
      EXPECT_FALSE(golden::is_equal(here, there))
          << one["name"] << ": is no deviation: " << deviation;
    } else {
      EXPECT_TRUE(golden::is_equal(here, there))
          << one["name"] << "\nconfig: " << one["config"] << "\n-- here:\n"
          << here << "-- otelcol:\n"
          << there;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, ConnectorsTest,
                         ::testing::ValuesIn(golden::files(MILLRACE_CONNECTORS_DIR)),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace millrace
