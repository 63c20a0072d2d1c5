// `promtool check metrics` of Debian's package prometheus has no complaint about a page: neither
// about its form nor about names, units and types. It knows the text 0.0.4 alone.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "prometheus/labels.h"
#include "prometheus/names.h"
#include "prometheus/page_writer.h"
#include "prometheus/testing/text_sink.h"

namespace millrace::prometheus {
namespace {

struct Metric {
  std::string_view name;
  std::string_view unit;
  MetricKind kind;
};
constexpr Metric kMetrics[] = {
    {"http.server.requests", "{requests}", MetricKind::kMonotonicSum},
    {"process.cpu.time", "s", MetricKind::kMonotonicSum},
    {"mem.utilization", "1", MetricKind::kGauge},
    {"queue (length)", "", MetricKind::kNonMonotonicSum},
    {"3xx", "", MetricKind::kGauge},
    {"http.server.duration", "s", MetricKind::kHistogram},
    {"http.server.size", "By", MetricKind::kExponentialHistogram},
    {"rpc.duration", "s", MetricKind::kSummary},
};
constexpr std::array<std::string_view, 4> kValues = {"", "a \"b\" \\", "line\nfeed",
                                                     "\xE8\x8A\xB1 {,}="};

FamilyType type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::kMonotonicSum:
      return FamilyType::kCounter;
    case MetricKind::kSummary:
      return FamilyType::kSummary;
    case MetricKind::kHistogram:
    case MetricKind::kExponentialHistogram:
      return FamilyType::kHistogram;
    default:
      return FamilyType::kGauge;
  }
}

void write_value(PageWriter& writer, const SeriesHead& head, MetricKind kind) {
  static constexpr std::array<double, 3> kBounds = {0.005, 1, 1e6};
  static constexpr std::array<uint64_t, 4> kCounts = {1'000'000, 0, 2, 3};
  static constexpr std::array<QuantileValue, 2> kQuantiles = {{{0.5, 1e-7}, {0.99, 2}}};
  switch (kind) {
    case MetricKind::kHistogram:
      writer.write(head, HistogramValue{kBounds, kCounts, 0.1, 1'000'005});
      break;
    case MetricKind::kExponentialHistogram:
      writer.write(head, ExponentialValue{.count = 3, .sum = 12.5});
      break;
    case MetricKind::kSummary:
      writer.write(head, SummaryValue{kQuantiles, 1e21, 7});
      break;
    default:
      writer.write(head, NumberValue{.value = 1.0 / 3});
  }
}

std::string make_page(const Namer& namer) {
  testing::TextSink sink;
  const auto writer = make_page_writer({}, sink);
  LabelBuilder builder(namer);
  for (const Metric& metric : kMetrics) {
    const auto name = namer.metric_name(metric.name, metric.unit, metric.kind);
    writer->begin_family({.name = *name, .help = "A \\ help\n.", .type = type_of(metric.kind)});
    for (const std::string_view value : kValues) {
      builder.begin(metric.kind);
      builder.add_scope("lib", "1.0", "");
      EXPECT_TRUE(builder.add_attribute("http.method", value));
      EXPECT_TRUE(builder.add_attribute("2 cents", value));
      builder.set("job", "n/s");
      std::string labels;
      builder.append_to(labels);
      write_value(*writer, {.labels = labels, .timestamp_ms = 1'700'000'000'123}, metric.kind);
    }
  }
  writer->finish();
  return sink.text;
}

TEST(PromtoolTest, HasNoComplaint) {
  if (std::system("promtool --version > /dev/null 2>&1") != 0) {
    GTEST_SKIP() << "promtool (Debian's package prometheus) is not installed";
  }
  const std::string path = ::testing::TempDir() + "promtool_test.prom";
  for (const char* metric_namespace : {"", "shop"}) {
    const Namer namer(Strategy::kUnderscoreEscapingWithSuffixes, metric_namespace);
    std::ofstream(path) << make_page(namer);
    FILE* const output = popen(("promtool check metrics < " + path + " 2>&1").c_str(), "r");
    ASSERT_NE(output, nullptr);
    std::string complaints;
    for (int c = 0; (c = std::fgetc(output)) != EOF;) complaints += static_cast<char>(c);
    EXPECT_EQ(pclose(output), 0);
    EXPECT_EQ(complaints, "");
  }
  std::remove(path.c_str());
}

}  // namespace
}  // namespace millrace::prometheus
