// Whatever statements do to a request, it stays one that admission accepts, and the same statements
// do the same to it again.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/json/decode.h"
#include "ottl/compile.h"
#include "ottl/testing/naive_walk.h"

namespace {

using namespace millrace;

constexpr std::string_view kTraces =
    R"({"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":{"stringValue":"xé"}}]},
    "scopeSpans":[{"scope":{"name":"s"},"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10",
    "spanId":"0102030405060708","traceState":"a=1,b=2","name":"GET /a/1","kind":2,
    "startTimeUnixNano":"5","attributes":[{"key":"s","value":{"stringValue":"a=1 b=ü"}},
    {"key":"n","value":{"intValue":"-4"}},{"key":"m","value":{"kvlistValue":{"values":[
    {"key":"k","value":{"arrayValue":{"values":[{"doubleValue":1.5},{"bytesValue":"AQI="}]}}}]}}}],
    "events":[{"name":"e","timeUnixNano":"7","attributes":[{"key":"i","value":{"boolValue":true}}]}],
    "links":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708"}],
    "status":{"code":2,"message":"x"}}]}],"schemaUrl":"u"}]})";
constexpr std::string_view kMetrics =
    R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","unit":"s","gauge":{"dataPoints":
    [{"asInt":"3","attributes":[{"key":"c","value":{"stringValue":"0"}}],"exemplars":[{"asDouble":2}]},
    {"asDouble":2.5,"flags":1}]}},{"name":"s","sum":{"aggregationTemporality":1,"isMonotonic":true,
    "dataPoints":[{"asInt":"9"},{"asInt":"1"}]}},{"name":"h","histogram":{"aggregationTemporality":2,
    "dataPoints":[{"count":"5","sum":12.5,"bucketCounts":["1","3","1"],"explicitBounds":[2,5],"min":1,
    "max":9,"exemplars":[{"asInt":"4"}]},{"count":"1","bucketCounts":["1"]}]}},{"name":"e",
    "exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{"count":"6","sum":3,"scale":2,
    "zeroCount":"1","positive":{"offset":1,"bucketCounts":["1","2"]},"negative":{"offset":-1,
    "bucketCounts":["2"]}},{"count":"1","scale":2,"positive":{"offset":-3,"bucketCounts":["1"]}}]}},
    {"name":"y","summary":{"dataPoints":[{"count":"4","sum":8.5,"quantileValues":[{"quantile":0.5,
    "value":2}]}]}}]}]}]})";
constexpr std::string_view kLogs =
    R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9,"severityText":"Info","body":
    {"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{"intValue":"1"}]}}}]}},
    "attributes":[{"key":"j","value":{"stringValue":"{\"a\":[1,{\"b\":null}]}"}},
    {"key":"t","value":{"stringValue":"https://u:p@h:1/p.q?a=b#f"}}]},{"body":{"stringValue":"x"}}]}]}]})";

const std::string& request_of(Signal signal) {
  static const std::array<std::string, 3> kRequests = [] {
    static ::millrace::testing::TestWork own;
    otlp::json::Decoder decoder;
    std::array<std::string, 3> requests;
    const std::array<std::string_view, 3> texts = {kTraces, kMetrics, kLogs};
    for (size_t i = 0; i < texts.size(); i++) {
      const auto bytes = decoder.decode_request(static_cast<Signal>(i), Bytes::copy_of(texts[i]),
                                                own.work, 1 << 20);
      MILLRACE_CHECK(bytes.has_value());
      requests[i] = as_text(bytes->view());
    }
    return requests;
  }();
  return kRequests[static_cast<size_t>(signal)];
}

Signal signal_of(ottl::Context context, size_t choice) {
  switch (context) {
    case ottl::Context::kSpan:
    case ottl::Context::kSpanEvent:
      return Signal::kTraces;
    case ottl::Context::kMetric:
    case ottl::Context::kDataPoint:
      return Signal::kMetrics;
    case ottl::Context::kLog:
      return Signal::kLogs;
    default:
      return static_cast<Signal>(choice);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ::millrace::testing::FuzzInput input(data, size);
  const auto context = static_cast<ottl::Context>(input.choice(ottl::kContextCount));
  const Signal signal = signal_of(context, input.choice(3));
  // A statement a line.
  std::vector<ottl::CompiledStatement> statements;
  std::string_view text = input.rest_text();
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    auto statement = ottl::compile_statement(line, {context, ottl::Prefix::kOptional});
    if (statement) statements.push_back(std::move(*statement));
  }
  if (statements.empty()) return 0;
  ottl::testing::NaiveWalk walk(signal, context, statements);
  const std::string after = walk.run(request_of(signal));
  MILLRACE_CHECK(otlp::admit(signal, Bytes::copy_of(after).view()).has_value());
  ottl::testing::NaiveWalk again(signal, context, statements);
  MILLRACE_CHECK(again.run(request_of(signal)) == after);
  return 0;
}
