// Processors do what those of otelcol-contrib do with the same configuration and request. The
// files in processors/ hold the cases with otelcol's results (tests/differential records them).
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "assembly/catalogue.h"
#include "config/section.h"
#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/json/testing/json_request.h"
#include "yaml/parse.h"

#include "recorded.h"

namespace millrace {
namespace {

using golden::canonical_request;
using golden::expected;
using golden::is_equal;
using golden::signal_named;
using simdjson::dom::element;

class Collecting final : public pipeline::Outlet {
 public:
  Status emit(pipeline::Payload payload) override {
    held_count -= payload.item_count;
    emitted.push_back(std::move(payload));
    return {};
  }
  void filter(uint32_t count) override { held_count -= count; }
  void sample_out(uint32_t count) override { held_count -= count; }

  std::vector<pipeline::Payload> emitted;
  int64_t held_count = 0;
};

MetadataRef metadata_of(const element& one) {
  auto metadata = std::make_shared<Metadata>();
  simdjson::dom::object headers;
  if (one["metadata"].get(headers) == simdjson::SUCCESS) {
    for (const auto [name, values] : headers) {
      for (const element value : values.get_array()) {
        metadata->entries.push_back({std::string(name), std::string(value.get_string().value())});
      }
    }
  }
  return metadata;
}

// Variables of this process for as long as a case runs.
class Environment {
 public:
  explicit Environment(const element& one) {
    simdjson::dom::object variables;
    if (one["environment"].get(variables) != simdjson::SUCCESS) return;
    for (const auto [name, value] : variables) {
      names_.emplace_back(name);
      setenv(names_.back().c_str(), std::string(value.get_string().value()).c_str(), 1);
    }
  }
  ~Environment() {
    for (const std::string& name : names_) unsetenv(name.c_str());
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::vector<std::string> names_;
};

struct Rig {
  io::sim::World world{1};
  std::unique_ptr<io::Loop> loop = world.make_loop("collector");
  testing::TestWork own;
  io::LongWork long_work{*loop, own.pool};
  Logger log{{}, nullptr, nullptr};
  metrics::Registry metrics;
  std::function<WallTime()> wall_clock = [] {
    return WallTime(std::chrono::seconds(1'700'000'000));
  };
  Collecting outlet;
};

std::string run(Rig& rig, std::string_view processor, Signal signal, std::string_view request,
                const element& one) {
  const auto kinds = assembly::processor_kinds();
  const auto kind =
      std::ranges::find(kinds, processor, [](const auto& of) { return of.type.type; });
  if (kind == kinds.end() || kind->read == nullptr) return "no such processor";
  std::string config = "{}";
  element given;
  if (one["config"].get(given) == simdjson::SUCCESS) config = simdjson::minify(given);
  const auto root = yaml::parse(config, "case.yaml");
  if (!root) return "refused: " + root.error().message;
  const Environment environment(one);
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "processors::case");
  const assembly::ProcessorReading reading = kind->read(section);
  section.finish();
  if (diagnostics.has_errors()) return "refused: " + diagnostics.to_text();
  if (const Status checked = reading.factory->check(signal); !checked) {
    return "refused: " + checked.error().message;
  }

  rig.outlet.emitted.clear();
  const std::string name(processor);
  auto made = reading.factory->make({.name = name,
                                     .signal = signal,
                                     .loop = *rig.loop,
                                     .pool = rig.own.pool,
                                     .long_work = rig.long_work,
                                     .log = rig.log,
                                     .metrics = rig.metrics,
                                     .wall_clock = rig.wall_clock,
                                     .outlet = rig.outlet});
  if (!made) return "refused: " + made.error().message;
  pipeline::Payload payload;
  payload.signal = signal;
  payload.bytes = Rope(testing::request_of_json(signal, request));
  payload.item_count = otlp::admit(signal, payload.bytes.to_bytes().view())->item_count;
  payload.metadata = metadata_of(one);
  const uint32_t before = payload.item_count;
  const auto result = (*made)->process(payload, rig.own.work);
  if (!result) return "failed: " + result.error().message;
  EXPECT_EQ(payload.item_count + result->left_count(), before + result->added_count);
  rig.outlet.held_count += result->held_count;
  (*made)->flush();
  EXPECT_EQ(rig.outlet.held_count, 0) << "each held item leaves once";
  if (payload.item_count > 0) {
    rig.outlet.emitted.insert(rig.outlet.emitted.begin(), std::move(payload));
  }
  std::string text;
  for (const pipeline::Payload& emitted : rig.outlet.emitted) {
    const auto admitted = otlp::admit(signal, emitted.bytes.to_bytes().view());
    EXPECT_TRUE(admitted.has_value());
    if (admitted) EXPECT_EQ(admitted->item_count, emitted.item_count);
    const std::string form =
        canonical_request(signal, testing::json_of_request(signal, emitted.bytes));
    if (form != "{}") text += form + "\n";
  }
  return text;
}

class ProcessorsTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ProcessorsTest, DoWhatOtelcolDoes) {
  simdjson::dom::parser parser;
  const element file =
      parser.load(std::string(MILLRACE_GOLDEN_DIR "/") + GetParam() + ".json").value();
  Rig rig;
  for (const element one : file["cases"].get_array()) {
    const Signal signal = signal_named(one["signal"].get_string().value());
    const std::string request =
        simdjson::minify(file["requests"][one["request"].get_string().value()].value());
    const std::string here = run(rig, file["processor"].get_string().value(), signal, request, one);
    const std::string there = expected(signal, one);
    std::string_view deviation;
    if (one["deviation"].get(deviation) == simdjson::SUCCESS) {
      EXPECT_FALSE(is_equal(here, there)) << one["name"] << ": is no deviation: " << deviation;
    } else {
      EXPECT_TRUE(is_equal(here, there))
          << one["name"] << "\nconfig: " << one["config"] << "\n-- here:\n"
          << here << "-- otelcol:\n"
          << there;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, ProcessorsTest,
                         ::testing::ValuesIn(golden::files(MILLRACE_GOLDEN_DIR)),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace millrace
