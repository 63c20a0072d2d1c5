// From the name and the attributes of OTLP to the lines of a page, as otelcol's exporter shows
// them.
#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "prometheus/labels.h"
#include "prometheus/names.h"
#include "prometheus/page_writer.h"
#include "prometheus/testing/text_sink.h"

namespace millrace::prometheus {
namespace {

constexpr auto kDefault = Strategy::kUnderscoreEscapingWithSuffixes;
using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class Series {
 public:
  Series(Strategy strategy, std::string_view name, std::string_view unit, MetricKind kind,
         Attributes attributes = {})
      : namer_(strategy), name_(namer_.metric_name(name, unit, kind).value()) {
    builder_.begin(kind);
    for (const auto& [key, value] : attributes) EXPECT_TRUE(builder_.add_attribute(key, value));
  }

  LabelBuilder& labels() { return builder_; }

  // The samples of a page without its comments.
  template <class Value>
  std::string lines(FamilyType type, const Value& value, const Exposition& exposition = {}) {
    const std::string text = page(type, value, exposition);
    std::string samples;
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at) + 1;
      if (text[at] != '#') samples += text.substr(at, end - at);
      at = end;
    }
    return samples;
  }

  template <class Value>
  std::string page(FamilyType type, const Value& value, const Exposition& exposition) {
    std::string labels;
    builder_.append_to(labels);
    testing::TextSink sink;
    const NameForm form = namer_.keeps_utf8() ? NameForm::kUtf8 : NameForm::kPlain;
    const auto writer = make_page_writer({exposition, form}, sink);
    writer->begin_family({.name = name_, .type = type});
    writer->write({.labels = labels}, value);
    writer->finish();
    return sink.text;
  }

 private:
  const Namer namer_;
  const std::string name_;
  LabelBuilder builder_{namer_};
};

TEST(VectorsTest, ACounterWithItsScope) {
  Series series(kDefault, "http.server.requests", "1", MetricKind::kMonotonicSum,
                {{"method", "GET"}});
  series.labels().add_scope("", "", "");
  EXPECT_EQ(series.lines(FamilyType::kCounter, NumberValue{5}),
            R"(http_server_requests_total{method="GET",otel_scope_name="",)"
            R"(otel_scope_schema_url="",otel_scope_version=""} 5)"
            "\n");
}

TEST(VectorsTest, ANameThatIsNotTranslated) {
  Series series(Strategy::kNoTranslation, "http.server.requests", "1", MetricKind::kMonotonicSum,
                {{"method", "GET"}});
  EXPECT_EQ(
      series.lines(FamilyType::kCounter, NumberValue{5}, {Format::kText100, Escaping::kAllowUtf8}),
      "{\"http.server.requests\",method=\"GET\"} 5\n");
  series.labels().begin(MetricKind::kGauge);
  EXPECT_EQ(series.lines(FamilyType::kCounter, NumberValue{5}), "http_server_requests 5\n");
}

TEST(VectorsTest, AUtf8NameWithItsUnit) {
  Series series(Strategy::kNoUtf8EscapingWithSuffixes, "x.y", "s", MetricKind::kGauge);
  EXPECT_EQ(
      series.lines(FamilyType::kGauge, NumberValue{1}, {Format::kText100, Escaping::kAllowUtf8}),
      "{\"x.y_seconds\"} 1\n");
}

TEST(VectorsTest, AttributesThatNeedEscaping) {
  Series series(kDefault, "g", "", MetricKind::kGauge,
                {{"2 cents", "a"}, {"_n", "b"}, {"p (q)", "c"}});
  EXPECT_EQ(series.lines(FamilyType::kGauge, NumberValue{1}),
            R"(g{_n="b",key_2_cents="a",p_q_="c"} 1)"
            "\n");
}

TEST(VectorsTest, AttributesWithOneName) {
  Series series(kDefault, "g", "", MetricKind::kGauge, {{"a_b", "2"}, {"a.b", "1"}});
  EXPECT_EQ(series.lines(FamilyType::kGauge, NumberValue{1}), "g{a_b=\"1;2\"} 1\n");
}

TEST(VectorsTest, TheTargetOfASeries) {
  Series series(kDefault, "g", "", MetricKind::kGauge);
  series.labels().set("job", job_label("n", "s"));
  series.labels().set("instance", "i");
  EXPECT_EQ(series.lines(FamilyType::kGauge, NumberValue{1}), "g{instance=\"i\",job=\"n/s\"} 1\n");
}

TEST(VectorsTest, AHistogram) {
  Series series(kDefault, "h", "", MetricKind::kHistogram);
  static constexpr std::array<double, 2> kBounds = {1, 5};
  static constexpr std::array<uint64_t, 3> kCounts = {2, 3, 1};
  EXPECT_EQ(series.lines(FamilyType::kHistogram, HistogramValue{kBounds, kCounts, 12.5, 6}),
            "h_bucket{le=\"1\"} 2\nh_bucket{le=\"5\"} 5\nh_bucket{le=\"+Inf\"} 6\n"
            "h_sum 12.5\nh_count 6\n");
}

TEST(VectorsTest, AnExemplarInOpenMetrics) {
  Series series(kDefault, "(lambda).executions(#)", "", MetricKind::kMonotonicSum);
  std::string labels;
  append_label(labels, "span_id", "s");
  append_label(labels, "trace_id", "t");
  const Exemplar exemplar{
      .labels = labels, .value = 1, .time_unix_nano = 1'700'000'000'500'000'000};
  EXPECT_EQ(series.page(FamilyType::kCounter, NumberValue{2, &exemplar},
                        {Format::kOpenMetrics100, Escaping::kUnderscores}),
            "# HELP lambda_executions \n# TYPE lambda_executions counter\n"
            "lambda_executions_total 2.0 # {span_id=\"s\",trace_id=\"t\"} 1.0 1.7000000005e+09\n"
            "# EOF\n");
}

}  // namespace
}  // namespace millrace::prometheus
