#include "prometheus/exposition.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::prometheus {
namespace {

constexpr Exposition kFallback{Format::kText004, Escaping::kUnderscores};
// What Prometheus 3 sends.
constexpr std::string_view kPrometheus3 =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
    "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
constexpr std::string_view kPrometheus3WithNativeHistograms =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
    "q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/"
    "*;q=0.2";

TEST(NegotiationTest, AnswersPrometheus) {
  EXPECT_EQ(negotiate(kPrometheus3, OpenMetrics::kNotOffered),
            (Exposition{Format::kText100, Escaping::kAllowUtf8}));
  EXPECT_EQ(negotiate(kPrometheus3, OpenMetrics::kOffered),
            (Exposition{Format::kOpenMetrics100, Escaping::kAllowUtf8}));
  EXPECT_EQ(negotiate(kPrometheus3WithNativeHistograms, OpenMetrics::kOffered),
            (Exposition{Format::kProtobuf, Escaping::kUnderscores}));
}

TEST(NegotiationTest, TakesTheHighestWeightThatIsOffered) {
  const struct {
    std::string_view accept;
    Exposition expected;
  } kCases[] = {
      {"", kFallback},
      {"*/*", kFallback},
      {"*", kFallback},
      {"text/*;q=0.1", kFallback},
      {"text/html, application/json;q=0.9", kFallback},
      {"text/plain", kFallback},
      {"text/plain;version=1.0.0", {Format::kText100, Escaping::kUnderscores}},
      {"text/plain;version=2.0.0", kFallback},
      {"text/plain;version=1.0.0;q=0,text/plain;version=0.0.4;escaping=dots;q=0.1",
       {Format::kText004, Escaping::kDots}},
      {"text/plain;version=1.0.0;q=x,text/plain;escaping=values;q=0.1",
       {Format::kText004, Escaping::kValues}},
      {"text/plain;version=1.0.0;q=0.9x,text/plain;escaping=values;q=0.1",
       {Format::kText004, Escaping::kValues}},
      {"text/plain;version=0.0.4;q=0.5,text/plain;version=1.0.0;q=0.6",
       {Format::kText100, Escaping::kUnderscores}},
      {"text/plain;version=0.0.4,text/plain;version=1.0.0", kFallback},
      {"text/plain;version=0.0.4,text/plain;version=1.0.0;q=5", kFallback},
      {"text/plain;version=0.0.4;q=-1,text/plain;version=1.0.0;q=0.1",
       {Format::kText100, Escaping::kUnderscores}},
      {"text/plain;version=0.0.4;q=nan,text/plain;version=1.0.0;q=0.1",
       {Format::kText100, Escaping::kUnderscores}},
      {" text/plain ; version = 1.0.0 ; escaping = allow-utf-8 ",
       {Format::kText100, Escaping::kAllowUtf8}},
      {"application/vnd.google.protobuf;encoding=delimited", kFallback},
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
       kFallback},
      {"application/openmetrics-text", kFallback},
      {"text/plain;version=1.0.0;escaping=other", {Format::kText100, Escaping::kUnderscores}},
      {",,;;=/q,text/plain;version=1.0.0;;", {Format::kText100, Escaping::kUnderscores}},
  };
  for (const auto& [accept, expected] : kCases) {
    EXPECT_EQ(negotiate(accept, OpenMetrics::kNotOffered), expected) << accept;
  }
}

TEST(NegotiationTest, OpenMetricsWithoutVersionIsTheFirst) {
  EXPECT_EQ(negotiate("application/openmetrics-text", OpenMetrics::kOffered).format,
            Format::kOpenMetrics001);
}

TEST(ContentTypeTest, IsWhatGoSends) {
  EXPECT_EQ(content_type(kFallback),
            "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
  EXPECT_EQ(content_type({Format::kText100, Escaping::kAllowUtf8}),
            "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
  EXPECT_EQ(content_type({Format::kOpenMetrics100, Escaping::kDots}),
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=dots");
  EXPECT_EQ(content_type({Format::kOpenMetrics001, Escaping::kValues}),
            "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=values");
  EXPECT_EQ(content_type({Format::kProtobuf, Escaping::kUnderscores}),
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
            "encoding=delimited; escaping=underscores");
}

}  // namespace
}  // namespace millrace::prometheus
