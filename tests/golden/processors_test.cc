// Processors do what those of otelcol-contrib do with the same configuration and request. The
// files in processors/ hold the cases with otelcol's results (tests/differential records them).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
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

namespace millrace {
namespace {

using simdjson::dom::element;

// What a case gives, in one form: "refused", "failed" or the requests as sorted text.
std::string canonical(const element& value);

// otelcol writes these also when they are empty.
bool is_left_out(std::string_view key, const std::string& value) {
  static constexpr std::array<std::string_view, 6> kMessages = {"status", "resource", "scope",
                                                                "body",   "positive", "negative"};
  return value == "{}" && std::ranges::find(kMessages, key) != kMessages.end();
}

std::string canonical_fields(simdjson::dom::object object) {
  std::vector<std::string> fields;
  for (const auto [key, value] : object) {
    const std::string text = canonical(value);
    if (!is_left_out(key, text)) fields.push_back("\"" + std::string(key) + "\":" + text);
  }
  std::ranges::sort(fields);
  std::string text;
  for (const std::string& field : fields) text += (text.empty() ? "" : ",") + field;
  return "{" + text + "}";
}

// The order of attributes has no meaning.
std::string canonical(const element& value) {
  if (value.is_object()) return canonical_fields(value.get_object());
  // The last digits of logarithms are the library's.
  if (value.is_double()) return fmt::format("{:.12g}", value.get_double().value_unsafe());
  if (!value.is_array()) return simdjson::minify(value);
  std::vector<std::string> items;
  bool are_attributes = true;
  for (const element item : value.get_array()) {
    are_attributes = are_attributes && item.is_object() && item["key"].error() == simdjson::SUCCESS;
    items.push_back(canonical(item));
  }
  if (are_attributes) std::ranges::sort(items);
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ",\n ") + item;
  return "[" + text + "]";
}

// Decoded and encoded again, so that fields with default values look the same.
std::string canonical_request(Signal signal, std::string_view json) {
  const Rope request(testing::request_of_json(signal, json));
  simdjson::dom::parser parser;
  return canonical(
      parser.parse(simdjson::padded_string(testing::json_of_request(signal, request))).value());
}

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
    text += canonical_request(signal, testing::json_of_request(signal, emitted.bytes)) + "\n";
  }
  return text;
}

std::string expected(Signal signal, const element& one) {
  std::string_view reason;
  if (one["refused"].get(reason) == simdjson::SUCCESS) return "refused: " + std::string(reason);
  if (one["failed"].get(reason) == simdjson::SUCCESS) return "failed: " + std::string(reason);
  std::string text;
  for (const element output : one["output"].get_array()) {
    text += canonical_request(signal, simdjson::minify(output)) + "\n";
  }
  return text;
}

// Texts of errors are this program's own.
bool is_equal(const std::string& here, const std::string& there) {
  for (const std::string_view kind : {"refused: ", "failed: "}) {
    if (there.starts_with(kind)) return here.starts_with(kind);
  }
  return here == there;
}

Signal signal_named(std::string_view name) {
  return name == "traces" ? Signal::kTraces : name == "logs" ? Signal::kLogs : Signal::kMetrics;
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

std::vector<std::string> files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(MILLRACE_GOLDEN_DIR)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem());
  }
  std::ranges::sort(names);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Recorded, ProcessorsTest, ::testing::ValuesIn(files()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace millrace
