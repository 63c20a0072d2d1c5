// Names and formats are those of Prometheus's own Go modules. tests/golden/prometheus holds their
// results (tests/differential/prometheus.sh records them).
#include <gtest/gtest.h>
#include <simdjson.h>

#include <bit>
#include <charconv>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "http/grpc_wire.h"
#include "prometheus/exposition.h"
#include "prometheus/labels.h"
#include "prometheus/names.h"
#include "prometheus/page_writer.h"
#include "prometheus/testing/text_sink.h"

namespace millrace::prometheus {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

class GoldenTest : public ::testing::Test {
 protected:
  array table(const char* file, const char* name) {
    return parser_.load(std::string(MILLRACE_PROMETHEUS_GOLDEN "/") + file)[name].get_array();
  }

 private:
  simdjson::dom::parser parser_;
};

std::string text_of(const element& value) {
  return value.is_null() ? "(refused)" : std::string(value.get_string().value());
}

MetricKind kind_of(std::string_view name) {
  static const std::map<std::string_view, MetricKind> kKinds = {
      {"monotonic_sum", MetricKind::kMonotonicSum},
      {"sum", MetricKind::kNonMonotonicSum},
      {"gauge", MetricKind::kGauge},
      {"histogram", MetricKind::kHistogram},
      {"exponential", MetricKind::kExponentialHistogram},
      {"summary", MetricKind::kSummary}};
  return kKinds.at(name);
}

TEST_F(GoldenTest, MetricsHaveTheirNames) {
  size_t differences = 0;
  for (const element one : table("names.json", "metrics")) {
    const std::string name = text_of(one.at(0));
    size_t column = 0;
    for (const std::string_view strategy : strategy_names()) {
      for (const char* metric_namespace : {"", "ns"}) {
        const Namer namer(*strategy_named(strategy), metric_namespace);
        const std::string unit = text_of(one.at(1));
        const Result<std::string> made =
            namer.metric_name(name, unit, kind_of(one.at(2).get_string().value()));
        const std::string expected = text_of(one.at(3).at(column++));
        const std::string here = made ? *made : "(refused)";
        if (here == expected) continue;
        ++differences;
        // Upstream cuts a letter off where a suffix ends a longer word: "subtotal" becomes "su".
        EXPECT_TRUE(namer.keeps_utf8() && here.size() > expected.size())
            << name << " [" << unit << "] " << strategy << "\nhere:     " << here
            << "\nexpected: " << expected;
      }
    }
  }
  EXPECT_LT(differences, 20);
}

TEST_F(GoldenTest, LabelsHaveTheirNames) {
  for (const element one : table("names.json", "labels")) {
    const std::string key = text_of(one.at(0));
    size_t column = 1;
    for (const char* strategy : {"UnderscoreEscapingWithSuffixes", "NoTranslation"}) {
      const std::string expected = text_of(one.at(column++));
      std::string here;
      if (!Namer(*strategy_named(strategy)).append_label_name(here, key)) here = "(refused)";
      // Go's client refuses the metric for such a label.
      const bool is_reserved = expected.starts_with("__");
      EXPECT_EQ(here, is_reserved ? "(refused)" : expected) << key;
    }
  }
}

TEST_F(GoldenTest, NamesAreEscaped) {
  for (const element one : table("names.json", "escapes")) {
    const std::string name = text_of(one.at(0));
    size_t column = 1;
    for (const Escaping escaping : {Escaping::kUnderscores, Escaping::kDots, Escaping::kValues}) {
      EXPECT_EQ(escape_metric_name(name, escaping), text_of(one.at(column++))) << name;
    }
  }
}

std::string page_of(const PageOptions& options, const Family& family, const NumberValue& value) {
  testing::TextSink sink;
  const auto writer = make_page_writer(options, sink);
  writer->begin_family(family);
  writer->write({}, value);
  writer->finish();
  return sink.text;
}

TEST_F(GoldenTest, NumbersArePrinted) {
  for (const element one : table("pages.json", "numbers")) {
    const std::string hex = text_of(one.at(0));
    uint64_t bits = 0;
    std::from_chars(hex.data(), hex.data() + hex.size(), bits, 16);
    size_t column = 1;
    for (const Format format : {Format::kText004, Format::kOpenMetrics100}) {
      EXPECT_EQ(
          page_of({.exposition = {.format = format}}, {.name = "x", .type = FamilyType::kGauge},
                  {.value = std::bit_cast<double>(bits)}),
          "# HELP x \n# TYPE x gauge\nx " + text_of(one.at(column++)) + "\n" +
              (format == Format::kText004 ? "" : "# EOF\n"))
          << hex;
    }
  }
}

TEST_F(GoldenTest, FormatsAreNegotiated) {
  for (const element one : table("pages.json", "accepts")) {
    const std::string accept = text_of(one.at(0));
    const bool differs = one.get_array().size() > 3;
    size_t column = 1;
    for (const OpenMetrics open_metrics : {OpenMetrics::kNotOffered, OpenMetrics::kOffered}) {
      const std::string here = content_type(negotiate(accept, open_metrics));
      EXPECT_EQ(here == text_of(one.at(column)), !differs)
          << accept << "\nhere: " << here << "\nGo:   " << text_of(one.at(column));
      ++column;
    }
  }
}

double number_of(const element& text) {
  // Go's NaN has a bit more than that of C++.
  if (text.get_string().value() == "NaN") return std::bit_cast<double>(0x7FF8000000000001);
  return std::strtod(std::string(text.get_string().value()).c_str(), nullptr);
}
double number_or_0(const element& object, const char* name) {
  element text;
  return object[name].get(text) == simdjson::SUCCESS ? number_of(text) : 0;
}
template <class T>
T value_or(const element& object, const char* name, T missing) {
  T value{};
  return object[name].get(value) == simdjson::SUCCESS ? value : missing;
}
array list_of(const element& object, const char* name) {
  static simdjson::dom::parser parser;
  static const array kEmpty = parser.parse(std::string_view("[]")).get_array();
  return value_or<array>(object, name, kEmpty);
}

std::string labels_of(const element& object) {
  std::string labels;
  for (const element label : list_of(object, "labels")) {
    append_label(labels, text_of(label.at(0)), text_of(label.at(1)));
  }
  return labels;
}

struct Exemplars {
  explicit Exemplars(const element& series) {
    for (const element exemplar : list_of(series, "exemplars")) texts.insert(labels_of(exemplar));
    for (const element exemplar : list_of(series, "exemplars")) {
      list.push_back({.labels = *texts.find(labels_of(exemplar)),
                      .value = number_of(exemplar["value"]),
                      .time_unix_nano = exemplar["nano"].get_uint64()});
    }
  }
  std::set<std::string> texts;
  std::vector<Exemplar> list;
};

void write_series(PageWriter& writer, std::string_view type, const element& series) {
  const std::string labels = labels_of(series);
  SeriesHead head{.labels = labels,
                  .created_unix_nano = value_or<uint64_t>(series, "created_nano", 0)};
  int64_t timestamp_ms = 0;
  if (series["timestamp_ms"].get(timestamp_ms) == simdjson::SUCCESS) {
    head.timestamp_ms = timestamp_ms;
  }
  const Exemplars exemplars(series);
  const double sum = number_or_0(series, "sum");
  const auto count = value_or<uint64_t>(series, "count", 0);
  if (type == "histogram") {
    std::vector<double> bounds;
    std::vector<uint64_t> counts;
    for (const element bound : list_of(series, "bounds")) bounds.push_back(number_of(bound));
    for (const element bucket : list_of(series, "counts")) counts.push_back(bucket.get_uint64());
    writer.write(head, HistogramValue{bounds, counts, sum, count, exemplars.list});
  } else if (type == "summary") {
    std::vector<QuantileValue> quantiles;
    for (const element quantile : list_of(series, "quantiles")) {
      quantiles.push_back({number_of(quantile.at(0)), number_of(quantile.at(1))});
    }
    writer.write(head, SummaryValue{quantiles, sum, count});
  } else {
    const Exemplar* const first = exemplars.list.empty() ? nullptr : exemplars.list.data();
    writer.write(head, NumberValue{number_of(series["value"]), first});
  }
}

FamilyType type_of(std::string_view name) {
  static const std::map<std::string_view, FamilyType> kTypes = {
      {"counter", FamilyType::kCounter},
      {"gauge", FamilyType::kGauge},
      {"untyped", FamilyType::kUntyped},
      {"histogram", FamilyType::kHistogram},
      {"summary", FamilyType::kSummary}};
  return kTypes.at(name);
}

std::string page_of(const PageOptions& options, const array& families) {
  testing::TextSink sink(100);
  const auto writer = make_page_writer(options, sink);
  for (const element family : families) {
    const std::string_view type = family["type"].get_string();
    writer->begin_family({.name = family["name"].get_string(),
                          .help = family["help"].get_string(),
                          .unit = value_or<std::string_view>(family, "unit", ""),
                          .type = type_of(type)});
    for (const element series : list_of(family, "series")) write_series(*writer, type, series);
  }
  writer->finish();
  return sink.text;
}

TEST_F(GoldenTest, PagesAreThoseOfGo) {
  size_t count = 0;
  for (const element one : table("pages.json", "pages")) {
    for (const auto [type, page] : one.at(1).get_object()) {
      const Exposition exposition = negotiate(type, OpenMetrics::kOffered);
      ASSERT_EQ(content_type(exposition), type);
      const std::string expected = exposition.format == Format::kProtobuf
                                       ? http::decode_base64(page.get_string()).value()
                                       : text_of(page);
      EXPECT_EQ(page_of({exposition, NameForm::kUtf8}, one.at(0).get_array()), expected)
          << type << "\n"
          << simdjson::minify(one.at(0));
      ++count;
    }
  }
  EXPECT_GT(count, 100);
}

}  // namespace
}  // namespace millrace::prometheus
