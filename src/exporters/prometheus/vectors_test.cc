// Points in, text out: what otelcol's exporter makes of them, and where Millrace does better.

#include <gtest/gtest.h>

#include <cmath>

#include "exporters/prometheus/testing/shown.h"

namespace millrace::exporters {
namespace {

using prometheus::Strategy;
using testing::at_s;
using testing::Attributes;
using testing::exponential;
using testing::exponential_point;
using testing::gauge;
using testing::histogram;
using testing::histogram_point;
using testing::number_point;
using testing::Shown;
using testing::sum;
using testing::Temporality;

constexpr std::string_view kAllowUtf8 = "text/plain;version=1.0.0;escaping=allow-utf-8";
constexpr std::string_view kOpenMetrics = "application/openmetrics-text;version=1.0.0";

std::string sample_of(const std::string& metric) { return Shown().send({metric}).samples(); }

TEST(PrometheusVectors, ScopeLabelsAreThereEvenEmpty) {
  Shown shown(Strategy::kUnderscoreEscapingWithSuffixes, {}, {});
  shown.send({sum({.name = "http.server.requests", .unit = "1"},
                  {number_point(5, {.attributes = {{"method", "GET"}}})})});
  EXPECT_EQ(shown.samples(),
            "http_server_requests_total{method=\"GET\",otel_scope_name=\"\","
            "otel_scope_schema_url=\"\",otel_scope_version=\"\"} 5\n");
}

TEST(PrometheusVectors, NamesGetTheirUnitsAndSuffixes) {
  EXPECT_EQ(sample_of(gauge({.name = "mem.utilization", .unit = "1"}, {number_point(0.5)})),
            "mem_utilization_ratio 0.5\n");
  EXPECT_EQ(sample_of(gauge({.name = "light.speed", .unit = "m/s"}, {number_point(3)})),
            "light_speed_meters_per_second 3\n");
  EXPECT_EQ(sample_of(sum({.name = "(lambda).executions(#)"}, {number_point(2)})),
            "lambda_executions_total 2\n");
  EXPECT_EQ(sample_of(gauge({.name = "net.dropped", .unit = "{packets}"}, {number_point(1)})),
            "net_dropped 1\n");
  EXPECT_EQ(sample_of(gauge({.name = "net.dropped", .unit = "packets"}, {number_point(1)})),
            "net_dropped_packets 1\n");
  EXPECT_EQ(sample_of(gauge({.name = "requests", .unit = "1/s"}, {number_point(4)})),
            "requests_per_second 4\n");
  EXPECT_EQ(sample_of(gauge({.name = "io", .unit = "By/{x}"}, {number_point(9)})), "io_bytes 9\n");
  EXPECT_EQ(sample_of(sum({.name = "a.total.count"}, {number_point(1)})), "a_count_total 1\n");
  EXPECT_EQ(sample_of(gauge({.name = "t_seconds", .unit = "s"}, {number_point(1)})),
            "t_seconds 1\n");
  EXPECT_EQ(sample_of(gauge({.name = "3xx"}, {number_point(1)})), "_3xx 1\n");
  Shown with_namespace(Strategy::kUnderscoreEscapingWithSuffixes, "ns");
  EXPECT_EQ(with_namespace.send({gauge({.name = "3xx"}, {number_point(1)})}).samples(),
            "ns_3xx 1\n");
}

TEST(PrometheusVectors, ANameOfNothingIsRefused) {
  Shown shown;
  shown.send({gauge({.name = "@#$%"}, {number_point(1)}),
              gauge({.name = "@_#_"}, {number_point(1), number_point(2)}),
              gauge({.name = ""}, {number_point(1)}), gauge({.name = "g"}, {number_point(1)})});
  EXPECT_EQ(shown.refused(Refusal::kBadName), 4u);
  EXPECT_EQ(shown.samples(), "g 1\n");
}

TEST(PrometheusVectors, Utf8NamesAreQuotedOrEscaped) {
  Shown shown(Strategy::kNoTranslation);
  shown.send({sum({.name = "http.server.requests", .unit = "1"},
                  {number_point(5, {.attributes = {{"method", "GET"}}})})});
  EXPECT_EQ(shown.samples(kAllowUtf8), "{\"http.server.requests\",method=\"GET\"} 5\n");
  EXPECT_EQ(shown.samples(), "http_server_requests{method=\"GET\"} 5\n");
  Shown suffixed(Strategy::kNoUtf8EscapingWithSuffixes);
  suffixed.send({gauge({.name = "x.y", .unit = "s"}, {number_point(1)})});
  EXPECT_EQ(suffixed.samples(kAllowUtf8), "{\"x.y_seconds\"} 1\n");
}

TEST(PrometheusVectors, NamesOfLabels) {
  EXPECT_EQ(
      sample_of(gauge(
          {.name = "g"},
          {number_point(1, {.attributes = {{"2 cents", "a"}, {"_n", "b"}, {"p (q)", "c"}}})})),
      "g{_n=\"b\",key_2_cents=\"a\",p_q_=\"c\"} 1\n");
  EXPECT_EQ(sample_of(gauge({.name = "g"},
                            {number_point(1, {.attributes = {{"a.b", "1"}, {"a_b", "2"}}})})),
            "g{a_b=\"1;2\"} 1\n");
}

const Attributes kService = {{"service.namespace", "n"},
                             {"service.name", "s"},
                             {"service.instance.id", "i"},
                             {"host.name", "h"}};

TEST(PrometheusVectors, JobAndInstanceAndTargetInfo) {
  Shown shown;
  shown.send({gauge({.name = "g"}, {number_point(1)})}, kService);
  EXPECT_EQ(shown.samples(),
            "g{instance=\"i\",job=\"n/s\"} 1\n"
            "target_info{host_name=\"h\",instance=\"i\",job=\"n/s\"} 1\n");
  Shown without_instance;
  without_instance.send({gauge({.name = "g"}, {number_point(1)})},
                        {{"service.namespace", "n"}, {"service.name", "s"}, {"host.name", "h"}});
  EXPECT_EQ(without_instance.samples(), "g{job=\"n/s\"} 1\n");
}

TEST(PrometheusVectors, AttributesOfTheResourceReplaceThoseOfThePoint) {
  Shown shown(Strategy::kUnderscoreEscapingWithSuffixes, {},
              {.resource_included = {"*"}, .scope_labels = false});
  shown.send({gauge({.name = "g"}, {number_point(1, {.attributes = {{"host.name", "p"}}})})},
             kService);
  EXPECT_EQ(shown.samples(),
            "g{host_name=\"h\",instance=\"i\",job=\"n/s\",service_instance_id=\"i\","
            "service_name=\"s\",service_namespace=\"n\"} 1\n"
            "target_info{host_name=\"h\",instance=\"i\",job=\"n/s\"} 1\n");
}

TEST(PrometheusVectors, DeltasAreAddedUpWhereTheyFollow) {
  Shown shown;
  const auto send = [&](double value, uint64_t start, uint64_t time) {
    shown.send(
        {sum({.name = "c"}, {number_point(value, {.start = at_s(start), .time = at_s(time)})},
             Temporality::kDelta)});
    return shown.samples();
  };
  EXPECT_EQ(send(3, 0, 1), "c_total 3\n");
  EXPECT_EQ(send(4, 1, 2), "c_total 7\n");
  EXPECT_EQ(send(5, 9, 10), "c_total 5\n");
  EXPECT_EQ(send(6, 3, 4), "c_total 5\n");
  EXPECT_EQ(shown.taken.old, 1u);
}

TEST(PrometheusVectors, ADeltaWithoutAStartIsAdded) {
  Shown shown;
  for (int i = 1; i <= 3; ++i) {
    shown.send({sum({.name = "c"}, {number_point(2, {.start = 0, .time = at_s(10)})},
                    Temporality::kDelta)});
  }
  EXPECT_EQ(shown.samples(), "c_total 6\n");
}

TEST(PrometheusVectors, SumsThatCannotBeAddedUpAreCounted) {
  Shown shown;
  shown.send({sum({.name = "a"}, {number_point(1)}, Temporality::kDelta, false),
              sum({.name = "b"}, {number_point(1)}, Temporality::kUnspecified)});
  EXPECT_EQ(shown.samples(), "");
  EXPECT_EQ(shown.refused(Refusal::kNonMonotonicDelta), 1u);
  EXPECT_EQ(shown.refused(Refusal::kUnspecifiedTemporality), 1u);
}

TEST(PrometheusVectors, HistogramsAreCumulative) {
  EXPECT_EQ(
      sample_of(histogram({.name = "h"},
                          {histogram_point({.counts = {2, 3, 1}, .bounds = {1, 5}, .sum = 12.5})})),
      "h_bucket{le=\"1\"} 2\nh_bucket{le=\"5\"} 5\nh_bucket{le=\"+Inf\"} 6\n"
      "h_sum 12.5\nh_count 6\n");
}

TEST(PrometheusVectors, DeltaHistogramsAreAddedAndOverlapsRefused) {
  Shown shown;
  const auto send = [&](std::vector<uint64_t> counts, uint64_t start, uint64_t time) {
    shown.send({histogram({.name = "h"},
                          {histogram_point({.counts = std::move(counts), .bounds = {1}},
                                           {.start = at_s(start), .time = at_s(time)})},
                          Temporality::kDelta)});
  };
  send({1, 0}, 0, 1);
  send({0, 2}, 1, 2);
  send({5, 5}, 0, 3);
  EXPECT_EQ(shown.refused(Refusal::kMisalignedStart), 1u);
  EXPECT_EQ(shown.samples(), "h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 3\nh_sum 0\nh_count 3\n");
}

TEST(PrometheusVectors, ExponentialHistogramsAreKeptForNativeOnes) {
  Shown shown;
  shown.send(
      {exponential({.name = "e"}, {exponential_point({.scale = 0,
                                                      .zero_count = 1,
                                                      .offset = 3,
                                                      .positive = {10, 0, 0, 20, 5, 2},
                                                      .sum = 99})}),
       exponential({.name = "f"}, {exponential_point({.scale = 10, .positive = {1, 1, 1, 1, 1}}),
                                   exponential_point({.scale = -5, .positive = {1}})})});
  EXPECT_EQ(shown.samples(),
            "e_bucket{le=\"+Inf\"} 38\ne_sum 99\ne_count 38\n"
            "f_bucket{le=\"+Inf\"} 5\nf_sum 0\nf_count 5\n");
  EXPECT_EQ(shown.refused(Refusal::kScaleTooCoarse), 1u);
  const Series* series = shown.store.families().at("f")->series.front();
  const auto& merged = std::get<ExponentialState>(series->detail->value);
  EXPECT_EQ(merged.scale, 8);
  EXPECT_EQ(merged.positive.counts, (std::vector<uint64_t>{4, 1}));
}

TEST(PrometheusVectors, TheFirstTypeOfANameStays) {
  Shown shown;
  shown.send(
      {gauge({.name = "x.total"}, {number_point(1)}), sum({.name = "x"}, {number_point(2)})});
  EXPECT_EQ(shown.page(), "# HELP x_total \n# TYPE x_total gauge\nx_total 1\n");
  EXPECT_EQ(shown.refused(Refusal::kTypeConflict), 1u);
}

TEST(PrometheusVectors, ASeriesEndsFiveMinutesAfterItsLastPoint) {
  Shown shown;
  shown.send({gauge({.name = "g"}, {number_point(1)})}, kService);
  shown.now += 299s;
  EXPECT_NE(shown.samples(), "");
  shown.now += 2s;
  EXPECT_EQ(shown.page(), "");
  EXPECT_TRUE(shown.store.sweep(shown.now, 100));
  EXPECT_EQ(shown.store.series_count(), 0u);
  EXPECT_TRUE(shown.store.families().empty());
  EXPECT_EQ(shown.store.expired_count(), 2u);
}

TEST(PrometheusVectors, AnEndedSeriesGoesAndTheOthersStay) {
  Shown shown;
  shown.send({gauge({.name = "g"}, {number_point(3, {.attributes = {{"a", "1"}}})})});
  shown.send({gauge({.name = "g"}, {number_point(0, {.attributes = {{"a", "1"}}, .flags = 1}),
                                    number_point(7, {.attributes = {{"a", "2"}}})})});
  EXPECT_EQ(shown.samples(), "g{a=\"2\"} 7\n");
  EXPECT_EQ(shown.taken.ended, 1u);
}

TEST(PrometheusVectors, AnExemplarStandsBehindItsCounter) {
  const std::string exemplar = testing::message([](wire::Writer& writer) {
    writer.fixed64_field(2, at_s(2));
    writer.double_field(3, 1);
    writer.string_field(4, "12345678");
    writer.string_field(5, "1234567890123456");
  });
  Shown shown;
  shown.send({sum({.name = "(lambda).executions(#)"}, {number_point(2, {.exemplar = exemplar})})});
  EXPECT_EQ(shown.page(kOpenMetrics),
            "# HELP lambda_executions \n# TYPE lambda_executions counter\n"
            "lambda_executions_total 2.0 # {span_id=\"3132333435363738\","
            "trace_id=\"31323334353637383930313233343536\"} 1.0 1.700000002e+09\n# EOF\n");
}

}  // namespace
}  // namespace millrace::exporters
