// Requests are those of otelcol's translator: tests/golden/remote_write has its results
// (tests/differential/remote_write.sh records them).
#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "exporters/prometheus_remote_write/testing/written.h"
#include "otlp/json/text_values.h"

namespace millrace::exporters {
namespace {

using simdjson::dom::element;
using testing::WrittenOptions;

bool is_set(const element& options, const char* key) {
  bool value = false;
  return options[key].get(value) == simdjson::SUCCESS && value;
}
std::string text_of(const element& options, const char* key) {
  std::string_view value;
  return options[key].get(value) == simdjson::SUCCESS ? std::string(value) : std::string();
}

WrittenOptions options_of(const element& options) {
  WrittenOptions made;
  made.metric_namespace = text_of(options, "namespace");
  if (is_set(options, "no_suffixes")) {
    made.strategy = prometheus::Strategy::kUnderscoreEscapingWithoutSuffixes;
  }
  const std::string strategy = text_of(options, "translation_strategy");
  if (!strategy.empty()) made.strategy = *prometheus::strategy_named(strategy);
  TranslatorOptions& translation = made.translation;
  translation.target_info = !is_set(options, "no_target_info");
  translation.labels.scope_labels = !is_set(options, "disable_scope_info");
  if (is_set(options, "resource_to_telemetry_conversion")) {
    translation.labels.resource_included = {"*"};
  }
  if (is_set(options, "exclude_service_attributes")) {
    translation.labels.resource_excluded = {"service.*"};
  }
  if (is_set(options, "send_metadata")) made.metadata = WriteTable::Metadata::kSent;
  if (is_set(options, "protocol_2")) made.protocol = WriteProtocol::k2;
  simdjson::dom::object labels;
  if (options["external_labels"].get(labels) == simdjson::SUCCESS) {
    for (const auto& [name, value] : labels) {
      translation.labels.const_labels.emplace_back(name, value.get_string().value());
    }
  }
  return made;
}

Rope request_of(std::string_view base64) {
  std::vector<uint8_t> bytes(otlp::json::base64_size_max(base64.size()));
  size_t size = 0;
  EXPECT_TRUE(otlp::json::parse_base64(base64, bytes.data(), &size));
  return Rope(Bytes::copy_of(std::span<const uint8_t>(bytes.data(), size)));
}

TEST(RemoteWriteGolden, RequestsHaveTheSamplesOfOtelcols) {
  simdjson::dom::parser parser;
  size_t count = 0;
  for (const element each :
       parser.load(MILLRACE_REMOTE_WRITE_GOLDEN "/requests.json")["cases"].get_array()) {
    const testing::Translated made = testing::translate(
        request_of(each["request"].get_string().value()), options_of(each["options"]));
    std::vector<std::string> expected;
    for (const element line : each["lines"].get_array()) {
      expected.emplace_back(line.get_string().value());
    }
    std::vector<std::string> missing;
    std::vector<std::string> more;
    std::ranges::set_difference(expected, made.lines, std::back_inserter(missing));
    std::ranges::set_difference(made.lines, expected, std::back_inserter(more));
    EXPECT_TRUE(missing.empty() && more.empty())
        << "case " << count << ": " << simdjson::minify(each["options"])
        << "\nmissing: " << ::testing::PrintToString(missing)
        << "\nmore:    " << ::testing::PrintToString(more);
    ++count;
  }
  EXPECT_GE(count, 200u);
}

}  // namespace
}  // namespace millrace::exporters
