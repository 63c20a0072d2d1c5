#include "exporters/debug/debug_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporters/debug/sampler.h"
#include "exporters/debug/text.h"
#include "io/sim/world.h"
#include "otlp/example_requests.h"

namespace millrace::exporters {
namespace {

using pipeline::Batch;
using pipeline::Outcome;
using testing::HasSubstr;

class DebugExporterTest : public testing::Test {
 protected:
  // What is printed for one batch.
  std::string printed(DebugOptions options, Signal signal, uint32_t items, int batches = 1) {
    std::string text;
    const auto exporter = make_debug_exporter(
        options, make_text_sink([&](std::string_view more) { text += more; }), *loop_);
    int done = 0;
    loop_->post([&] {
      for (int i = 0; i < batches; ++i) {
        const otlp::ExampleShape shape{.items = items};
        exporter->send_batch({.signal = signal,
                              .item_count = items,
                              .bytes = Rope(otlp::example_request(signal, shape)),
                              .metadata = nullptr},
                             kNever, [&](Outcome outcome) {
                               EXPECT_EQ(outcome.kind, Outcome::Kind::kDelivered);
                               ++done;
                             });
      }
      EXPECT_EQ(done, 0);
    });
    EXPECT_TRUE(world_.run_until([&] { return done == batches; }, 1s));
    return text;
  }
  io::sim::World world_{1};
  std::unique_ptr<io::Loop> loop_ = world_.make_loop("worker");
};

TEST_F(DebugExporterTest, BasicIsOneLineWithOtelcolsCounts) {
  EXPECT_EQ(printed({}, Signal::kTraces, 10), "Traces\t{\"resource spans\": 1, \"spans\": 10}\n");
  EXPECT_EQ(printed({}, Signal::kLogs, 2), "Logs\t{\"resource logs\": 1, \"log records\": 2}\n");
  EXPECT_EQ(printed({}, Signal::kMetrics, 3),
            "Metrics\t{\"resource metrics\": 1, \"metrics\": 3, \"data points\": 3}\n");
}

TEST_F(DebugExporterTest, NormalHasALineForEachItem) {
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    const std::string text = printed({.verbosity = Verbosity::kNormal}, signal, 4);
    // The summary, the resource, the scope and four items.
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 7) << text;
  }
}

TEST_F(DebugExporterTest, DetailedShowsEverySignalWhole) {
  const auto detailed = [](Signal signal) {
    return to_detailed_text(signal, Rope(otlp::example_request_with_everything(signal)));
  };
  const std::string traces = detailed(Signal::kTraces);
  for (const char* part : {"ResourceSpans #0", "Span #0", "Span #1", "Trace ID       : ",
                           "SpanEvent #0", "SpanLink #0", "     -> ", "Status code    : "}) {
    EXPECT_THAT(traces, HasSubstr(part));
  }
  const std::string metrics = detailed(Signal::kMetrics);
  for (const char* part : {"NumberDataPoints #0", "HistogramDataPoints #0", "SummaryDataPoints #0",
                           "ExponentialHistogramDataPoints #0", "Buckets #0", "QuantileValue #0",
                           "IsMonotonic: true"}) {
    EXPECT_THAT(metrics, HasSubstr(part));
  }
  const std::string logs = detailed(Signal::kLogs);
  for (const char* part : {"LogRecord #1", "Body: ", "SeverityNumber: "}) {
    EXPECT_THAT(logs, HasSubstr(part));
  }
  EXPECT_THAT(detailed(Signal::kProfiles), HasSubstr("ResourceProfiles #0"));
}

TEST_F(DebugExporterTest, SampledOutBatchesAreDeliveredAllTheSame) {
  const std::string text =
      printed({.sampling_initial = 2, .sampling_thereafter = 3}, Signal::kLogs, 1, 10);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);  // 1, 2, then 5 and 8
}

TEST(DebugSamplerTest, EachSecondStartsAnew) {
  Sampler sampler(1, 0);
  const MonotonicTime start{};
  EXPECT_TRUE(sampler.admits(start));
  EXPECT_FALSE(sampler.admits(start + 999ms));
  EXPECT_TRUE(sampler.admits(start + 1s));
}

TEST(DebugSinkTest, LogLinesCarryTheCounts) {
  std::string lines;
  Logger logger({}, [&](std::string_view line) { lines += line; }, [] { return int64_t{0}; });
  const DebugSink sink = make_log_sink(logger);
  sink.summary("Traces", {{"resource spans", 1}, {"spans", 10}});
  EXPECT_THAT(lines, HasSubstr("Traces"));
  EXPECT_THAT(lines, HasSubstr("spans=10"));
}

}  // namespace
}  // namespace millrace::exporters
