#include "prometheus/text_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <limits>
#include <string>

#include "prometheus/testing/text_sink.h"

namespace millrace::prometheus {
namespace {

using testing::TextSink;

constexpr PageOptions kText{};
constexpr PageOptions kOpenMetricsPage{.exposition = {.format = Format::kOpenMetrics100}};

std::string page(const PageOptions& options, const std::function<void(PageWriter&)>& write) {
  TextSink sink;
  const auto writer = make_page_writer(options, sink);
  write(*writer);
  writer->finish();
  EXPECT_TRUE(sink.is_finished);
  return sink.text;
}

void write_one_of_each(PageWriter& writer) {
  writer.begin_family({.name = "c_total", .help = "a \"b\"\\\n", .type = FamilyType::kCounter});
  const Exemplar exemplar{
      .labels = R"(span_id="s",trace_id="t")", .value = 1, .time_unix_nano = 1'500'000'000};
  writer.write({.labels = R"(a="b")"}, NumberValue{.value = 2, .exemplar = &exemplar});
  writer.write({.timestamp_ms = 1500}, NumberValue{.value = 1e6});
  writer.begin_family({.name = "empty", .type = FamilyType::kGauge});
  writer.begin_family({.name = "g_seconds", .unit = "seconds", .type = FamilyType::kGauge});
  writer.write({}, NumberValue{.value = -0.0});
  writer.begin_family({.name = "h", .type = FamilyType::kHistogram});
  static constexpr std::array<double, 2> kBounds = {1, 5};
  static constexpr std::array<uint64_t, 3> kCounts = {2, 3, 1};
  const std::array<Exemplar, 3> exemplars = {{{.labels = R"(trace_id="1")", .value = 5},
                                              {.labels = R"(trace_id="2")", .value = 3},
                                              {.labels = R"(trace_id="3")", .value = 7}}};
  writer.write({.labels = R"(x="y")"}, HistogramValue{.upper_bounds = kBounds,
                                                      .bucket_counts = kCounts,
                                                      .sum = 12.5,
                                                      .count = 6,
                                                      .exemplars = exemplars});
  writer.write({}, ExponentialValue{.count = 3, .sum = 4});
  writer.begin_family({.name = "s", .type = FamilyType::kSummary});
  static constexpr std::array<QuantileValue, 2> kQuantiles = {{{0.5, 1}, {1, 2}}};
  writer.write({}, SummaryValue{.quantiles = kQuantiles, .sum = 3, .count = 2'000'000});
  writer.begin_family({.name = "u", .type = FamilyType::kUntyped});
  writer.write({}, NumberValue{.value = std::numeric_limits<double>::infinity()});
}

constexpr std::string_view kTextPage = R"(# HELP c_total a "b"\\\n
# TYPE c_total counter
c_total{a="b"} 2
c_total 1e+06 1500
# HELP g_seconds )"
                                       R"(
# TYPE g_seconds gauge
g_seconds 0
# HELP h )"
                                       R"(
# TYPE h histogram
h_bucket{x="y",le="1"} 2
h_bucket{x="y",le="5"} 5
h_bucket{x="y",le="+Inf"} 6
h_sum{x="y"} 12.5
h_count{x="y"} 6
h_bucket{le="+Inf"} 3
h_sum 4
h_count 3
# HELP s )"
                                       R"(
# TYPE s summary
s{quantile="0.5"} 1
s{quantile="1"} 2
s_sum 3
s_count 2e+06
# HELP u )"
                                       R"(
# TYPE u untyped
u +Inf
)";

TEST(TextWriterTest, WritesEachType) { EXPECT_EQ(page(kText, write_one_of_each), kTextPage); }

TEST(TextWriterTest, WritesOpenMetrics) {
  EXPECT_EQ(page(kOpenMetricsPage, write_one_of_each), R"(# HELP c a \"b\"\\\n
# TYPE c counter
c_total{a="b"} 2.0 # {span_id="s",trace_id="t"} 1.0 1.5
c_total 1e+06 1.5
# HELP g_seconds )"
                                                       R"(
# TYPE g_seconds gauge
# UNIT g_seconds seconds
g_seconds 0.0
# HELP h )"
                                                       R"(
# TYPE h histogram
h_bucket{x="y",le="1.0"} 2
h_bucket{x="y",le="5.0"} 5 # {trace_id="2"} 3.0
h_bucket{x="y",le="+Inf"} 6 # {trace_id="3"} 7.0
h_sum{x="y"} 12.5
h_count{x="y"} 6
h_bucket{le="+Inf"} 3
h_sum 4.0
h_count 3
# HELP s )"
                                                       R"(
# TYPE s summary
s{quantile="0.5"} 1.0
s{quantile="1.0"} 2.0
s_sum 3.0
s_count 2000000
# HELP u )"
                                                       R"(
# TYPE u unknown
u +Inf
# EOF
)");
}

TEST(TextWriterTest, ACounterWithoutTotalIsUnknownInOpenMetrics) {
  EXPECT_EQ(page(kOpenMetricsPage,
                 [](PageWriter& writer) {
                   writer.begin_family({.name = "c", .type = FamilyType::kCounter});
                   writer.write({}, NumberValue{.value = 2});
                 }),
            "# HELP c \n# TYPE c unknown\nc 2.0\n# EOF\n");
}

TEST(TextWriterTest, AUnitThatTheNameLacksIsLeftOut) {
  EXPECT_EQ(
      page(kOpenMetricsPage,
           [](PageWriter& writer) {
             writer.begin_family({.name = "c", .unit = "seconds", .type = FamilyType::kGauge});
             writer.write({}, NumberValue{.value = 2});
           }),
      "# HELP c \n# TYPE c gauge\nc 2.0\n# EOF\n");
}

void write_utf8(PageWriter& writer) {
  writer.begin_family({.name = "http.server.requests", .type = FamilyType::kCounter});
  writer.write({.labels = R"(method="GET")"}, NumberValue{.value = 5});
  writer.write({}, NumberValue{.value = 6});
  writer.begin_family({.name = "h.x", .type = FamilyType::kHistogram});
  writer.write({.labels = R"("a.b"="1","a_b"="2")"}, ExponentialValue{.count = 1, .sum = 1});
}

TEST(TextWriterTest, QuotesUtf8Names) {
  EXPECT_EQ(page({{Format::kText100, Escaping::kAllowUtf8}, NameForm::kUtf8}, write_utf8),
            R"(# HELP "http.server.requests" )"
            R"(
# TYPE "http.server.requests" counter
{"http.server.requests",method="GET"} 5
{"http.server.requests"} 6
# HELP "h.x" )"
            R"(
# TYPE "h.x" histogram
{"h.x_bucket","a.b"="1","a_b"="2",le="+Inf"} 1
{"h.x_sum","a.b"="1","a_b"="2"} 1
{"h.x_count","a.b"="1","a_b"="2"} 1
)");
}

TEST(TextWriterTest, EscapesUtf8NamesForOldScrapers) {
  EXPECT_EQ(page({{Format::kText004, Escaping::kUnderscores}, NameForm::kUtf8}, write_utf8),
            R"(# HELP http_server_requests )"
            R"(
# TYPE http_server_requests counter
http_server_requests{method="GET"} 5
http_server_requests 6
# HELP h_x )"
            R"(
# TYPE h_x histogram
h_x_bucket{a_b="1;2",le="+Inf"} 1
h_x_sum{a_b="1;2"} 1
h_x_count{a_b="1;2"} 1
)");
}

TEST(TextWriterTest, AnEscapedLabelDoesNotRenameItsMetric) {
  EXPECT_EQ(page({{Format::kText004, Escaping::kUnderscores}, NameForm::kUtf8},
                 [](PageWriter& writer) {
                   writer.begin_family({.name = "g", .type = FamilyType::kGauge});
                   writer.write({.labels = R"("..name.."="up")"}, NumberValue{1});
                 }),
            "# HELP g \n# TYPE g gauge\ng{_name_=\"up\"} 1\n");
}

TEST(TextWriterTest, WritesTheSameInChunksOfAnySize) {
  for (size_t size = 1; size < 100; ++size) {
    TextSink sink(size);
    const auto writer = make_page_writer(kText, sink);
    write_one_of_each(*writer);
    writer->finish();
    EXPECT_EQ(sink.text, kTextPage) << size;
  }
}

TEST(TextWriterTest, StopsWhenThereIsNoMemory) {
  for (size_t count = 0; count < kTextPage.size() / 10; ++count) {
    TextSink sink(10, count);
    const auto writer = make_page_writer(kText, sink);
    write_one_of_each(*writer);
    writer->finish();
    EXPECT_TRUE(writer->failed());
    EXPECT_FALSE(sink.is_finished);
    EXPECT_EQ(sink.text, kTextPage.substr(0, 10 * count));
  }
}

}  // namespace
}  // namespace millrace::prometheus
