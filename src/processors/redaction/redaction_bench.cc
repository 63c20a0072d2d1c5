// The cost of redaction for each span: without a match, and with a card number in every attribute.
#include <benchmark/benchmark.h>

#include <string>

#include "memory/testing/test_work.h"
#include "otlp/attribute_list.h"
#include "otlp/edit.h"
#include "otlp/example_requests.h"
#include "processors/redaction/redaction_processor.h"
#include "yaml/parse.h"

namespace {

using namespace millrace;

constexpr uint32_t kSpans = 100;

processors::redaction::Options options_of(const std::string& more) {
  const auto root = yaml::parse(
      "{allow_all_keys: true, blocked_values: ['4[0-9]{12}(?:[0-9]{3})?', '(5[1-5][0-9]{14})']" +
          more + "}",
      "bench.yaml");
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "redaction");
  processors::redaction::Options options;
  processors::redaction::read_options(section, options);
  return options;
}

void redact(benchmark::State& state, const std::string& more, const Rope& request) {
  testing::TestWork own;
  const auto processor = processors::redaction::make_redaction_processor(options_of(more));
  for (auto _ : state) {
    pipeline::Payload payload;
    payload.bytes = request;
    payload.item_count = kSpans;
    benchmark::DoNotOptimize(processor->process(payload, own.work));
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * kSpans);
}

Rope plain() { return Rope(otlp::example_request(Signal::kTraces, {1, 1, kSpans, 1})); }

Rope with_cards() {
  testing::TestWork own;
  const auto edit = [](const otlp::EditContext&, otlp::AttributeList& list) {
    list.replace_if([](std::string_view) { return true; },
                    [](const otlp::AnyValueView&) {
                      return otlp::encode_string_value("paid with 4111111111111111");
                    });
  };
  const auto edited = otlp::edit_item_attributes(Signal::kTraces, plain(), edit, own.work);
  return Rope(Bytes::copy_of(edited->to_bytes().view()));
}

}  // namespace

BENCHMARK_CAPTURE(redact, no_match, "", plain());
BENCHMARK_CAPTURE(redact, no_match_in_each_value, ", redact_all_types: true", plain());
BENCHMARK_CAPTURE(redact, no_match_by_keys,
                  ", blocked_key_patterns: ['.*(token|api_key).*'], ignored_keys: [a, b, c]",
                  plain());
BENCHMARK_CAPTURE(redact, every_attribute, "", with_cards());
BENCHMARK_CAPTURE(redact, every_attribute_counted, ", summary: info", with_cards());
BENCHMARK_CAPTURE(redact, every_attribute_hashed, ", hash_function: md5", with_cards());
