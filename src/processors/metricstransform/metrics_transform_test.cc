#include "processors/metricstransform/metrics_transform.h"

#include <gtest/gtest.h>

#include <string>

#include "otlp/admit.h"
#include "otlp/example_requests.h"
#include "otlp/json/testing/json_request.h"
#include "wire/writer.h"
#include "yaml/parse.h"

namespace millrace::processors::metricstransform {
namespace {

// What otelcol does with all of the options is recorded in tests/golden/processors.
struct Processed {
  Result<pipeline::ProcessorResult> result;
  pipeline::Payload payload;
  std::string json() const { return testing::json_of_request(Signal::kMetrics, payload.bytes); }
};

Processed run(std::string_view transforms, const Bytes& request, Work& work) {
  static Logger log{{}, nullptr, nullptr};
  const auto root = yaml::parse("transforms: " + std::string(transforms), "test.yaml");
  config::Diagnostics diagnostics;
  config::Section section(*root, diagnostics, "processors::metrics_transform");
  const auto options = read_options(section);
  section.finish();
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.to_text();
  Processed run{.result = fail(Code::kInternal, ""), .payload = {}};
  run.payload.signal = Signal::kMetrics;
  run.payload.bytes = Rope(request);
  run.payload.item_count = otlp::admit(Signal::kMetrics, request.view())->item_count;
  run.result = make_metrics_transform_processor(options, log)->process(run.payload, work);
  return run;
}

constexpr std::string_view kGauges =
    R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[)"
    R"({"name":"a","gauge":{"dataPoints":[{"asInt":"1"},{"asInt":"2"}]}},)"
    R"({"name":"b","gauge":{"dataPoints":[{"asInt":"3"}]}}]}]}]})";

TEST(MetricsTransformTest, WhatNoTransformIsForKeepsItsBytes) {
  testing::TestWork own;
  const Bytes request = testing::request_of_json(Signal::kMetrics, kGauges);
  const Processed done = run("[{include: c, action: update, new_name: d}]", request, own.work);
  ASSERT_TRUE(done.result);
  ASSERT_EQ(done.payload.bytes.pieces().size(), 1u);
  EXPECT_EQ(done.payload.bytes.pieces()[0].data(), request.data());
}

TEST(MetricsTransformTest, AddedPointsAreCounted) {
  testing::TestWork own;
  const Processed done = run("[{include: a, action: insert, new_name: c}]",
                             testing::request_of_json(Signal::kMetrics, kGauges), own.work);
  ASSERT_TRUE(done.result);
  EXPECT_EQ(done.result->added_count, 2u);
  EXPECT_EQ(done.payload.item_count, 5u);
}

TEST(MetricsTransformTest, JoinedPointsAreFiltered) {
  testing::TestWork own;
  const Processed done =
      run("[{include: a, action: update, operations: [{action: aggregate_labels, label_set: [], "
          "aggregation_type: sum}]}]",
          testing::request_of_json(Signal::kMetrics, kGauges), own.work);
  ASSERT_TRUE(done.result);
  EXPECT_EQ(done.result->filtered_count, 1u);
  EXPECT_NE(done.json().find(R"("asInt":"3")"), std::string::npos) << done.json();
}

TEST(MetricsTransformTest, EveryTypeOfTheExampleIsTransformed) {
  testing::TestWork own;
  const Bytes request = otlp::example_request_with_everything(Signal::kMetrics);
  const Processed done = run(
      "[{include: (.*), match_type: regexp, action: update, new_name: 'n.$1'}]", request, own.work);
  ASSERT_TRUE(done.result);
  EXPECT_EQ(done.result->left_count() + done.result->added_count, 0u);
  EXPECT_TRUE(otlp::admit(Signal::kMetrics, done.payload.bytes.to_bytes().view()));
}

// The name comes first with one type, and a later member of the oneof wins.
TEST(MetricsTransformTest, TheLastMemberOfTheDataIsMeant) {
  wire::Writer w;
  const auto resource = w.open(1);
  const auto scope = w.open(2);
  const auto metric = w.open(2);
  w.string_field(1, "a");
  w.bytes_field(5, {});
  for (const double value : {1.0, 2.0}) {
    const auto sum = w.open(7);
    const auto point = w.open(1);
    w.double_field(4, value);
    w.close(point);
    w.close(sum);
  }
  w.close(metric);
  w.close(scope);
  w.close(resource);
  testing::TestWork own;
  const Processed done =
      run("[{include: a, action: update, operations: [{action: toggle_scalar_data_type}]}]",
          Bytes::copy_of(w.view()), own.work);
  ASSERT_TRUE(done.result);
  EXPECT_EQ(done.payload.item_count, 2u);
  EXPECT_NE(done.json().find(R"("asInt":"2")"), std::string::npos) << done.json();
}

TEST(MetricsTransformTest, WithoutMemoryTheSenderMayTryAgain) {
  std::string name(100'000, 'x');
  const Bytes request = testing::request_of_json(
      Signal::kMetrics, R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","unit":")" +
                            name + R"(","gauge":{"dataPoints":[{"asInt":"1"}]}}]}]}]})");
  testing::TestWork own(2 << 20);
  const Reservation others =
      Reservation::try_make(own.budget, MemoryTerm::kMessages, own.budget.limit());
  const Processed done = run("[{include: a, action: update, new_name: b}]", request, own.work);
  ASSERT_FALSE(done.result);
  EXPECT_EQ(done.result.error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace millrace::processors::metricstransform
