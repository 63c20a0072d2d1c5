// Components that keep state of metrics, in whole collectors that are played from a seed: spans
// come to two workers at any moment, series expire, and the collector is drained and starts again.
// However they are counted, and whichever way the counts are converted:
// - a cumulative series never falls, but at a new start, which is not before its last time;
// - no span is lost and none counted twice.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "assembly/catalogue.h"
#include "assembly/plan_from_document.h"
#include "assembly/testing/scene.h"
#include "base/random.h"
#include "otlp/json/testing/json_request.h"
#include "otlp/testing/each_point.h"
#include "otlp/views.h"
#include "yaml/parse.h"

namespace millrace::assembly {
namespace {

using testing::Scene;

// The exporters are the test's.
constexpr std::string_view kConfiguration = R"(
receivers: {otlp: {protocols: {http: {endpoint: "localhost:4318"}}}}
processors:
  cumulative_to_delta:
  delta_to_cumulative: {max_stale: 30s}
connectors:
  span_metrics/cumulative: {metrics_flush_interval: 5s, series_expiration: 20s, histogram: {disable: true}}
  span_metrics/delta: {metrics_flush_interval: 5s, aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA, histogram: {disable: true}}
  count: {spans: {counted: }, spanevents: {none: {conditions: ['name == "-"']}}}
exporters: {nop/cumulative: , nop/differences: , nop/sums: , nop/counts: }
service:
  pipelines:
    traces: {receivers: [otlp], exporters: [span_metrics/cumulative, span_metrics/delta, count]}
    metrics/cumulative: {receivers: [span_metrics/cumulative], exporters: [nop/cumulative]}
    metrics/differences: {receivers: [span_metrics/cumulative], processors: [cumulative_to_delta], exporters: [nop/differences]}
    metrics/sums: {receivers: [span_metrics/delta], processors: [delta_to_cumulative], exporters: [nop/sums]}
    metrics/counts: {receivers: [count], exporters: [nop/counts]}
  telemetry: {metrics: {level: none}}
)";

struct Point {
  uint64_t time = 0;
  int64_t value = 0;
};
// By the attributes of the series, then by start.
using Series = std::map<std::string, std::map<uint64_t, std::vector<Point>>>;

void read_points(const Rope& request, Series& into) {
  millrace::testing::for_each_point(request, [&](const millrace::testing::PointInRequest& point) {
    const auto name = otlp::find_attribute(point.bytes, 7, "span.name");
    into[name ? std::string(name->text) : ""][point.view.start_time_unix_nano].push_back(
        {point.view.time_unix_nano, *point.view.as_int});
  });
}

std::shared_ptr<ExporterFactory> recorder(Series& into) {
  class Recorder final : public pipeline::Exporter {
   public:
    Recorder(io::Loop& loop, Series& series) : loop_(loop), series_(series) {}
    void send_batch(pipeline::Batch batch, MonotonicTime, Done done) override {
      read_points(batch.bytes, series_);
      loop_.post([done = std::move(done)]() mutable { done({}); });
    }
    void close() override {}
    std::string describe() const override { return "records"; }

   private:
    io::Loop& loop_;
    Series& series_;
  };
  return testing::exporter_by(
      [&into](const ExporterParts& parts, Signal) -> Result<std::unique_ptr<pipeline::Exporter>> {
        return std::make_unique<Recorder>(parts.loop, into);
      });
}

// What arrived over all runs.
struct Arrived {
  Series cumulative;
  Series differences;
  Series sums;
  Series counts;
};

Plan plan_into(Arrived& arrived) {
  const auto root = yaml::parse(kConfiguration, "a.yaml");
  config::Diagnostics diagnostics;
  const config::Document document = config::read_document(*root, catalog(), diagnostics);
  auto plan = make_plan(document, {.memory_bytes = 8ULL << 30}, diagnostics);
  EXPECT_TRUE(plan) << diagnostics.to_text();
  if (!plan) return {};
  const std::map<std::string, Series*> recorders = {{"nop/cumulative", &arrived.cumulative},
                                                    {"nop/differences", &arrived.differences},
                                                    {"nop/sums", &arrived.sums},
                                                    {"nop/counts", &arrived.counts}};
  for (ExporterPlan& exporter : plan->exporters) {
    const auto found = recorders.find(exporter.id);
    if (found != recorders.end()) exporter.factory = recorder(*found->second);
  }
  return *std::move(plan);
}

std::string spans(const std::string& name, uint64_t count) {
  std::string json;
  for (uint64_t i = 0; i < count; ++i) {
    json += (i == 0 ? "" : ",") + (R"({"name":")" + name) +
            R"(","startTimeUnixNano":"1000","endTimeUnixNano":"2000"})";
  }
  const Bytes bytes = millrace::testing::request_of_json(
      Signal::kTraces, R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name",)"
                       R"("value":{"stringValue":"s"}}]},"scopeSpans":[{"spans":[)" +
                           json + "]}]}]}");
  return std::string(bytes.text());
}

// One life of a collector. Returns the wall clock at its end.
WallTime live(Random& random, WallTime begin, Arrived& arrived,
              std::map<std::string, int64_t>& sent) {
  Scene scene(plan_into(arrived), nullptr, begin);
  EXPECT_EQ(scene.error, "");
  const uint64_t steps = 1 + random.below(25);
  for (uint64_t step = 0; step < steps; ++step) {
    const std::string name(1, static_cast<char>('a' + random.below(3)));
    const uint64_t count = 1 + random.below(4);
    scene.submit_traces(random.below(2), static_cast<uint32_t>(count), spans(name, count));
    sent[name] += static_cast<int64_t>(count);
    // Sometimes long enough for series to expire.
    const bool is_long = random.chance(0.1);
    scene.world.run_for(is_long ? 25s + 1s * random.below(60) : 1ms * random.below(4000));
  }
  EXPECT_TRUE(scene.drain());
  EXPECT_EQ(scene.refused, 0);
  return begin + scene.loops[0]->now().time_since_epoch() + 1ms;
}

// Cumulative: the sum of what the series came to between two starts.
void expect_cumulative(const Series& series, const std::map<std::string, int64_t>& sent,
                       const std::string& what) {
  for (const auto& [name, starts] : series) {
    int64_t total = 0;
    uint64_t last_time = 0;
    for (auto [start, points] : starts) {
      EXPECT_GE(start, last_time) << what << " " << name << ": a start before the last point";
      std::ranges::sort(points, {}, &Point::time);
      int64_t value = 0;
      for (const Point& point : points) {
        EXPECT_GE(point.value, value) << what << " " << name << " falls without a new start";
        EXPECT_GE(point.time, start);
        value = point.value;
        last_time = point.time;
      }
      total += value;
    }
    EXPECT_EQ(total, sent.at(name)) << what << " " << name;
  }
  EXPECT_EQ(series.size(), sent.size()) << what;
}

int64_t sum_of_deltas(const Series& series, const std::string& name) {
  int64_t total = 0;
  const auto found = series.find(name);
  if (found == series.end()) return 0;
  for (const auto& [start, points] : found->second) {
    for (const Point& point : points) total += point.value;
  }
  return total;
}

TEST(MetricStateTest, SumsNeverFallAndNothingIsLost) {
  const char* const given = std::getenv("MILLRACE_METRIC_SEEDS");
  const uint64_t seeds = given == nullptr ? 15 : std::strtoull(given, nullptr, 10);
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Arrived arrived;
    std::map<std::string, int64_t> sent;
    WallTime now{std::chrono::seconds(1'700'000'000)};
    const uint64_t lives = 1 + random.below(3);
    for (uint64_t life = 0; life < lives; ++life) now = live(random, now, arrived, sent);
    expect_cumulative(arrived.cumulative, sent, "cumulative");
    expect_cumulative(arrived.sums, sent, "deltas added up");
    int64_t all = 0;
    for (const auto& [name, count] : sent) {
      EXPECT_EQ(sum_of_deltas(arrived.differences, name), count) << "differences " << name;
      all += count;
    }
    EXPECT_EQ(sum_of_deltas(arrived.counts, ""), all) << "counts";
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace millrace::assembly
