#include "receivers/prometheus/scrape_output.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "otlp/admit.h"
#include "otlp/json/encode.h"
#include "wire/writer.h"

namespace millrace::receivers::prometheus {
namespace {

class ScrapeOutputTest : public ::testing::Test {
 protected:
  ScrapeOutputTest() {
    options.job_name = "j";
    target = **make_target(options, {{"env", "prod"}}, {{"__address__", "a.example:99"}});
  }

  // One scrape; the requests as JSON, without blanks.
  std::string scrape(Result<std::string_view> body, Format format = Format::kText) {
    requests.clear();
    Work work{pool, pace};
    std::string text;
    const auto made = write_scrape(
        options, target,
        {.body = std::move(body), .format = format, .time = WallTime(now), .duration = 250ms}, {},
        memory, work, [&](ScrapeBatch::Request request) {
          const auto admitted = otlp::admit(Signal::kMetrics, request.bytes.view());
          ASSERT_TRUE(admitted) << admitted.error().to_error().message;
          EXPECT_EQ(admitted->item_count, request.point_count);
          EXPECT_TRUE(otlp::json::encode_request(Signal::kMetrics, request.bytes.view(), &text));
          requests.push_back(std::move(request));
        });
    EXPECT_TRUE(made) << made.error().message;
    if (made) summary = *made;
    now += 1s;
    return text;
  }

  ScrapeOptions options;
  Target target;
  Budget budget{64 << 20};
  ChunkPool pool{budget, 0};
  Pace pace;
  SeriesMemory memory;
  ScrapeSummary summary;
  std::vector<ScrapeBatch::Request> requests;
  Duration now = 1000s;
};

TEST_F(ScrapeOutputTest, CountersAndGaugesBecomePointsWithTheTargetsLabels) {
  const std::string json = scrape(
      "# HELP c_total of c\n# TYPE c_total counter\nc_total{x=\"y\"} 5\n# TYPE g gauge\ng 1.5 777\n"
      "u 2\n");
  EXPECT_TRUE(summary.outcome);
  EXPECT_TRUE(json.contains(
      R"({"name":"c_total","description":"of c","metadata":[{"key":"prometheus.type","value":{"stringValue":"counter"}}],"sum":{"dataPoints":[{"attributes":[{"key":"env","value":{"stringValue":"prod"}},{"key":"x","value":{"stringValue":"y"}}],"timeUnixNano":"1000000000000","asDouble":5}],"aggregationTemporality":2,"isMonotonic":true}})"))
      << json;
  EXPECT_TRUE(json.contains(R"("timeUnixNano":"777000000","asDouble":1.5)")) << json;
  EXPECT_TRUE(json.contains(
      R"("name":"u","metadata":[{"key":"prometheus.type","value":{"stringValue":"unknown"}}],"gauge")"))
      << json;
  for (const char* attribute :
       {R"({"key":"service.name","value":{"stringValue":"j"}})",
        R"({"key":"server.address","value":{"stringValue":"a.example"}})",
        R"({"key":"service.instance.id","value":{"stringValue":"a.example:99"}})",
        R"({"key":"server.port","value":{"stringValue":"99"}})",
        R"({"key":"url.scheme","value":{"stringValue":"http"}})"}) {
    EXPECT_TRUE(json.contains(attribute)) << attribute << "\n" << json;
  }
  EXPECT_TRUE(json.contains(R"("name":"up","description":"The scraping was successful")"));
  EXPECT_FALSE(json.contains(R"("key":"instance")"));
}

double report(const std::string& json, const std::string& name) {
  const size_t at = json.find("\"name\":\"" + name + "\"");
  if (at == std::string::npos) return -1;
  const size_t value = json.find("\"asDouble\":", at);
  return std::stod(json.substr(value + 11));
}

TEST_F(ScrapeOutputTest, TheMetricsOfTheScrapeCountIt) {
  std::string json = scrape("a 1\nb 2\n");
  EXPECT_EQ(report(json, "up"), 1);
  EXPECT_EQ(report(json, "scrape_duration_seconds"), 0.25);
  EXPECT_EQ(report(json, "scrape_samples_scraped"), 2);
  EXPECT_EQ(report(json, "scrape_samples_post_metric_relabeling"), 2);
  EXPECT_EQ(report(json, "scrape_series_added"), 2);
  json = scrape("a 1\nc 2\n");
  EXPECT_EQ(report(json, "scrape_series_added"), 1);
}

TEST_F(ScrapeOutputTest, HistogramsAndSummariesAreMadeOfTheirSamples) {
  const std::string json = scrape(
      "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"5\"} 5\nh_bucket{le=\"+Inf\"} 6\n"
      "h_sum 12.5\nh_count 6\n# TYPE s summary\ns{quantile=\"0.5\"} 3\ns_count 4\n"
      "# TYPE lost histogram\nlost_bucket{le=\"1\"} 2\n");
  EXPECT_TRUE(json.contains(
      R"("timeUnixNano":"1000000000000","count":"6","sum":12.5,"bucketCounts":["2","3","1"],"explicitBounds":[1,5])"))
      << json;
  EXPECT_TRUE(json.contains(R"("count":"4","quantileValues":[{"quantile":0.5,"value":3}])") ||
              json.contains(R"("count":"4","sum":0,"quantileValues":[{"quantile":0.5,"value":3}])"))
      << json;
  EXPECT_FALSE(json.contains("\"lost\""));
  EXPECT_EQ(summary.left_out_count, 1u);
}

// Kong writes all buckets of a family, then all sums, then all counts.
TEST_F(ScrapeOutputTest, SamplesOfAFamilyMayComeInAnyOrder) {
  const std::string json = scrape(
      "# TYPE h histogram\nh_bucket{a=\"1\",le=\"1\"} 1\nh_bucket{a=\"2\",le=\"1\"} 2\n"
      "h_sum{a=\"1\"} 10\nh_sum{a=\"2\"} 20\nh_count{a=\"1\"} 1\nh_count{a=\"2\"} 2\n");
  EXPECT_TRUE(json.contains(R"("count":"1","sum":10,"bucketCounts":["1","0"])")) << json;
  EXPECT_TRUE(json.contains(R"("count":"2","sum":20,"bucketCounts":["2","0"])")) << json;
}

TEST_F(ScrapeOutputTest, OpenMetricsGivesStartTimesExemplarsAndUnits) {
  const std::string json = scrape(
      "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n"
      "a_seconds_total 3 # {trace_id=\"0102030405060708090a0b0c0d0e0f10\",x=\"y\"} 0.5 9\n"
      "a_seconds_created 7.5\n# TYPE i info\ni_info{v=\"1\"} 1\n# EOF\n",
      Format::kOpenMetrics);
  EXPECT_TRUE(summary.outcome);
  EXPECT_TRUE(json.contains(R"("name":"a_seconds_total","unit":"s")")) << json;
  EXPECT_TRUE(json.contains(R"("startTimeUnixNano":"7500000000")")) << json;
  EXPECT_TRUE(json.contains(R"("traceId":"0102030405060708090a0b0c0d0e0f10")")) << json;
  EXPECT_TRUE(json.contains(R"("timeUnixNano":"9000000000","asDouble":0.5)")) << json;
  EXPECT_TRUE(json.contains(
      R"("name":"i","metadata":[{"key":"prometheus.type","value":{"stringValue":"info"}}],"sum")"))
      << json;
  EXPECT_FALSE(json.contains("a_seconds_created"));
}

TEST_F(ScrapeOutputTest, InfoMetricsBecomeAttributesOfResourceAndScope) {
  const std::string json = scrape(
      "a{otel_scope_name=\"s\",otel_scope_version=\"1\"} 1\nb{otel_scope_name=\"t\","
      "otel_scope_x=\"y\"} 2\notel_scope_info{otel_scope_name=\"s\",otel_scope_version=\"1\","
      "z=\"w\"} 1\ntarget_info{host_name=\"h\",env=\"other\"} 1\n");
  EXPECT_TRUE(json.contains(R"({"key":"host_name","value":{"stringValue":"h"}})")) << json;
  EXPECT_TRUE(json.contains(
      R"("scope":{"name":"s","version":"1","attributes":[{"key":"env","value":{"stringValue":"prod"}},{"key":"z")"))
      << json;
  EXPECT_TRUE(json.contains(R"("scope":{"name":"t","attributes":[{"key":"x")")) << json;
  EXPECT_FALSE(json.contains("target_info") || json.contains("otel_scope"));
}

TEST_F(ScrapeOutputTest, SeriesThatAreGoneGetAMarkerOnce) {
  scrape("# TYPE a counter\na{x=\"1\"} 1\na{x=\"2\"} 2\n# TYPE h histogram\nh_count 1\nt 1 5\n");
  std::string json = scrape("# TYPE a counter\na{x=\"2\"} 2\n");
  EXPECT_TRUE(json.contains(
      R"({"key":"x","value":{"stringValue":"1"}}],"timeUnixNano":"1001000000000","flags":1})"))
      << json;
  EXPECT_TRUE(json.contains(
      R"("name":"h","metadata":[{"key":"prometheus.type","value":{"stringValue":"histogram"}}],"histogram":{"dataPoints":[{"attributes":[{"key":"env","value":{"stringValue":"prod"}}],"timeUnixNano":"1001000000000","flags":1}])"))
      << json;
  EXPECT_FALSE(json.contains("\"t\"")) << "it had a time of its own";
  json = scrape("# TYPE a counter\na{x=\"2\"} 2\n");
  EXPECT_FALSE(json.contains("flags"));
}

TEST_F(ScrapeOutputTest, AFailedScrapeIsDownAndEndsAllSeries) {
  scrape("a 1\n");
  std::string json = scrape(fail(Code::kUnavailable, "no connection"));
  EXPECT_FALSE(summary.outcome);
  EXPECT_EQ(report(json, "up"), 0);
  EXPECT_TRUE(json.contains(R"("name":"a")") && json.contains("flags")) << json;
  json = scrape(fail(Code::kUnavailable, "no connection"));
  EXPECT_FALSE(json.contains("flags")) << "up and the others are still there";
  scrape("a 1\n");
  json = scrape("b 1\na\n");
  EXPECT_EQ(report(json, "up"), 0);
  EXPECT_FALSE(json.contains(R"("name":"b")")) << "nothing of a body that is wrong is used";
  EXPECT_EQ(report(json, "scrape_samples_scraped"), 1);
}

TEST_F(ScrapeOutputTest, TheEndOfATargetEndsUpToo) {
  scrape("a 1\n");
  Work work{pool, pace};
  std::string json;
  ASSERT_TRUE(write_end(
      options, target, WallTime(now), memory, work, [&](const ScrapeBatch::Request& request) {
        EXPECT_EQ(request.point_count, 6u);
        EXPECT_TRUE(otlp::json::encode_request(Signal::kMetrics, request.bytes.view(), &json));
      }));
  EXPECT_TRUE(json.contains(R"("name":"up")") && json.contains("flags")) << json;
  EXPECT_TRUE(memory.empty());
}

TEST_F(ScrapeOutputTest, LabelsOfTheTargetWinUnlessHonored) {
  EXPECT_TRUE(scrape("a{env=\"test\"} 1\n")
                  .contains(R"({"key":"exported_env","value":{"stringValue":"test"}})"));
  options.rules.honor_labels = true;
  const std::string json = scrape("a{env=\"test\",job=\"k\"} 1\n");
  EXPECT_TRUE(json.contains(R"({"key":"env","value":{"stringValue":"test"}})")) << json;
  EXPECT_TRUE(json.contains(R"({"key":"service.name","value":{"stringValue":"k"}})")) << json;
}

TEST_F(ScrapeOutputTest, LimitsFailTheScrape) {
  options.rules.sample_limit = 1;
  scrape("a 1\nb 1\n");
  EXPECT_EQ(summary.outcome.error().message, "sample_limit of 1 exceeded");
  options.rules = {.label_limit = 4};
  scrape("a{x=\"1\"} 1\n");
  EXPECT_TRUE(summary.outcome.error().message.starts_with("label_limit exceeded (metric \"a\""));
  options.rules = {.label_name_length_limit = 10};
  scrape("a{abcdefghijk=\"1\"} 1\n");
  EXPECT_TRUE(summary.outcome.error().message.starts_with("label_name_length_limit"));
  options.rules = {.label_value_length_limit = 14};
  scrape("a{b=\"abcdefghijklmno\"} 1\n");
  EXPECT_TRUE(summary.outcome.error().message.starts_with("label_value_length_limit"));
  options.rules = {};
  scrape("a{b=\"1\",b=\"2\"} 1\n");
  EXPECT_TRUE(summary.outcome.error().message.contains("\"b\" twice"));
}

TEST_F(ScrapeOutputTest, MetricRelabellingDropsAndRenames) {
  options.rules.metric_relabel.push_back(*RelabelRule::make(
      {.action = RelabelAction::kDrop, .source_labels = {"__name__"}, .regex = "go_.*"}));
  options.rules.metric_relabel.push_back(*RelabelRule::make(
      {.source_labels = {"__name__"}, .regex = "old_(.*)", .target_label = "__name__"}));
  const std::string json = scrape("go_a 1\nold_b 2\n");
  EXPECT_TRUE(json.contains(R"("name":"b")")) << json;
  EXPECT_FALSE(json.contains("go_a"));
  EXPECT_EQ(report(json, "scrape_samples_scraped"), 2);
  EXPECT_EQ(report(json, "scrape_samples_post_metric_relabeling"), 1);
}

TEST_F(ScrapeOutputTest, LargeScrapesBecomeSeveralRequests) {
  std::string body = "# TYPE a gauge\n";
  for (int i = 0; i < 30'000; ++i) body += "a{n=\"" + std::to_string(i) + "\"} 1\n";
  scrape(body);
  EXPECT_GT(requests.size(), 1u);
  size_t points = 0;
  for (const ScrapeBatch::Request& request : requests) {
    EXPECT_LT(request.bytes.size(), kRequestBytes + 4096);
    points += request.point_count;
  }
  EXPECT_EQ(points, 30'005u);
}

TEST_F(ScrapeOutputTest, WithoutMemoryTheTargetIsDown) {
  std::string body = "# TYPE a counter\n";
  for (int i = 0; i < 30'000; ++i) body += "a{n=\"" + std::to_string(i) + "\"} 1\n";
  const auto taken = Reservation::try_make(budget, MemoryTerm::kMessages, 61 << 20);
  const std::string json = scrape(body);
  EXPECT_FALSE(summary.outcome);
  EXPECT_TRUE(summary.outcome.error().message.starts_with("memory"))
      << summary.outcome.error().message;
  EXPECT_EQ(report(json, "up"), 0);
}

// A body that is nothing but help texts.
TEST_F(ScrapeOutputTest, FamiliesWithoutSamplesAreReservedToo) {
  std::string body;
  for (int i = 0; i < 400'000; ++i) body += "# HELP a" + std::to_string(i) + " b\n";
  const std::string json = scrape(body);
  EXPECT_FALSE(summary.outcome);
  EXPECT_TRUE(summary.outcome.error().message.starts_with("memory"));
  EXPECT_EQ(report(json, "up"), 0);
}

TEST_F(ScrapeOutputTest, SuffixesAreTrimmedAndExternalLabelsAdded) {
  options.rules.trim_suffixes = true;
  options.rules.external_labels = {{"cluster", "c"}, {"env", "outer"}};
  const std::string json =
      scrape("# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total 3\n# EOF\n",
             Format::kOpenMetrics);
  EXPECT_TRUE(json.contains(R"("name":"a","unit":"s")")) << json;
  EXPECT_TRUE(json.contains(R"({"key":"cluster","value":{"stringValue":"c"}})")) << json;
  EXPECT_TRUE(json.contains(R"({"key":"env","value":{"stringValue":"outer"}})")) << json;
}

TEST_F(ScrapeOutputTest, NativeHistogramsBecomeExponentialOnes) {
  wire::Writer body;
  const auto family = body.open(15, 100);  // its tag is cut off: a family stands behind its length
  body.string_field(1, "h");
  body.varint_field(3, 4);
  const auto metric = body.open(4, 60);
  const auto content = body.open(7, 50);
  body.varint_field(1, 6);
  body.double_field(2, 4.5);
  body.sint_field(5, 2);
  body.double_field(6, 0.001);
  body.varint_field(7, 1);
  for (const int offset : {3, 2}) {
    const auto span = body.open(12);
    body.sint_field(1, offset);
    body.varint_field(2, 1);
    body.close(span);
  }
  body.sint_field(13, 2);
  body.sint_field(13, 1);
  body.close(content);
  body.close(metric);
  body.close(family);
  options.parser.native_histograms = true;
  const std::string json = scrape(as_text(body.view()).substr(1), Format::kProtobuf);
  EXPECT_TRUE(summary.outcome) << summary.outcome.error().message;
  EXPECT_TRUE(json.contains(R"("exponentialHistogram")")) << json;
  EXPECT_TRUE(json.contains(
      R"("count":"6","sum":4.5,"scale":2,"zeroCount":"1","positive":{"offset":2,"bucketCounts":["2","0","0","3"]},"zeroThreshold":0.001)"))
      << json;
}

}  // namespace
}  // namespace millrace::receivers::prometheus
