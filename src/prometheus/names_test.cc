#include "prometheus/names.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::prometheus {
namespace {

constexpr auto kDefault = Strategy::kUnderscoreEscapingWithSuffixes;

struct NameCase {
  std::string_view name;
  std::string_view unit;
  MetricKind kind;
  std::string_view expected;  // empty: refused
};

void expect_names(const Namer& namer, std::initializer_list<NameCase> cases) {
  for (const NameCase& one : cases) {
    const Result<std::string> name = namer.metric_name(one.name, one.unit, one.kind);
    EXPECT_EQ(name ? *name : "", one.expected) << one.name << " [" << one.unit << "]";
  }
}

TEST(NamesTest, UnderscoresOfALabelAreKeptWhereAskedFor) {
  const Namer namer(Strategy::kUnderscoreEscapingWithSuffixes, {}, Underscores::kKept);
  const auto name = [&](std::string_view key) {
    std::string text;
    return namer.append_label_name(text, key) ? text : "(refused)";
  };
  EXPECT_EQ(name("p (q)"), "p__q_");
  EXPECT_EQ(name("Größe"), "Gr__e");
  EXPECT_EQ(name("2 cents"), "key_2_cents");
  EXPECT_EQ(name("__replica__"), "__replica__");
  EXPECT_EQ(name("__name__"), "(refused)");
  EXPECT_EQ(name("...name__"), "___name__");
  EXPECT_EQ(name("@#"), "(refused)");
}

TEST(NamesTest, UnitOfMetadataIsItsSuffix) {
  const Namer namer(Strategy::kUnderscoreEscapingWithSuffixes);
  EXPECT_EQ(namer.unit_name("By/s"), "bytes_per_second");
  EXPECT_EQ(namer.unit_name("{request}"), "");
  EXPECT_EQ(namer.unit_name("1/s"), "per_second");
  EXPECT_EQ(namer.unit_name("a b"), "a_b");
}

TEST(MetricNameTest, EscapesAndAppendsUnitAndKind) {
  expect_names(
      Namer(kDefault),
      {{"http.server.requests", "1", MetricKind::kMonotonicSum, "http_server_requests_total"},
       {"mem.utilization", "1", MetricKind::kGauge, "mem_utilization_ratio"},
       {"light.speed", "m/s", MetricKind::kGauge, "light_speed_meters_per_second"},
       {"(lambda).executions(#)", "", MetricKind::kMonotonicSum, "lambda_executions_total"},
       {"net.dropped", "{packets}", MetricKind::kGauge, "net_dropped"},
       {"net.dropped", "packets", MetricKind::kGauge, "net_dropped_packets"},
       {"requests", "1/s", MetricKind::kGauge, "requests_per_second"},
       {"io", "By/{x}", MetricKind::kGauge, "io_bytes"},
       {"a.total.count", "", MetricKind::kMonotonicSum, "a_count_total"},
       {"t_seconds", "s", MetricKind::kGauge, "t_seconds"},
       {"3xx", "", MetricKind::kGauge, "_3xx"},
       {"@#$%", "", MetricKind::kGauge, ""},
       {"@_#_", "", MetricKind::kGauge, ""},
       {"", "", MetricKind::kGauge, ""}});
}

TEST(MetricNameTest, HasTheNamespaceInFront) {
  expect_names(Namer(kDefault, "ns"), {{"3xx", "", MetricKind::kGauge, "ns_3xx"}});
  expect_names(Namer(kDefault, "my-ns."), {{"a", "", MetricKind::kGauge, "my_ns_a"}});
  expect_names(Namer(kDefault, "9"), {{"a", "", MetricKind::kGauge, "_9_a"}});
  expect_names(Namer(Strategy::kNoTranslation, "my-ns"),
               {{"a", "", MetricKind::kGauge, "my-ns_a"}});
  EXPECT_EQ(Namer(kDefault, "ns").target_info_name(), "ns_target_info");
  EXPECT_EQ(Namer(kDefault).target_info_name(), "target_info");
}

TEST(MetricNameTest, WithoutSuffixesKeepsUnderscores) {
  expect_names(Namer(Strategy::kUnderscoreEscapingWithoutSuffixes),
               {{"a__b.c", "s", MetricKind::kMonotonicSum, "a__b_c"},
                {"3xx", "", MetricKind::kGauge, "_3xx"},
                {"@_#_", "", MetricKind::kGauge, ""}});
}

TEST(MetricNameTest, Utf8StaysAndSuffixesAreNotDoubled) {
  expect_names(Namer(Strategy::kNoUtf8EscapingWithSuffixes),
               {{"x.y", "s", MetricKind::kGauge, "x.y_seconds"},
                {"x.seconds", "s", MetricKind::kGauge, "x.seconds"},
                {"a_total", "By", MetricKind::kMonotonicSum, "a_bytes_total"},
                {"subtotal", "", MetricKind::kMonotonicSum, "subtotal_total"}});
  expect_names(Namer(Strategy::kNoTranslation),
               {{"http.server.requests", "1", MetricKind::kMonotonicSum, "http.server.requests"}});
}

TEST(MetricNameTest, StrategiesHaveOtelcolsNames) {
  EXPECT_EQ(strategy_names().size(), 4);
  for (const std::string_view name : strategy_names()) EXPECT_TRUE(strategy_named(name)) << name;
  EXPECT_EQ(strategy_named("NoTranslation"), Strategy::kNoTranslation);
  EXPECT_FALSE(strategy_named("noTranslation"));
}

std::string label_name(Strategy strategy, std::string_view key) {
  std::string name = "kept ";
  return Namer(strategy).append_label_name(name, key) ? name.substr(5) : "refused, " + name;
}

TEST(LabelNameTest, IsEscapedOrKept) {
  const struct {
    std::string_view key;
    std::string_view escaped;
    std::string_view utf8;
  } kCases[] = {
      {"http.method", "http_method", "http.method"},
      {"2 cents", "key_2_cents", "2 cents"},
      {"_n", "_n", "_n"},
      {"p (q)", "p_q_", "p (q)"},
      {"a__b", "a_b", "a__b"},
      {"__x", "_x", "refused, kept "},
      {"__name__", "refused, kept ", "refused, kept "},
      {"___", "refused, kept ", "refused, kept "},
      {"\xC3\xA9", "refused, kept ", "\xC3\xA9"},
      {"", "refused, kept ", "refused, kept "},
  };
  for (const auto& [key, escaped, utf8] : kCases) {
    EXPECT_EQ(label_name(kDefault, key), escaped) << key;
    EXPECT_EQ(label_name(Strategy::kNoTranslation, key), utf8) << key;
  }
}

TEST(JobTest, IsNamespaceAndName) {
  EXPECT_EQ(job_label("n", "s"), "n/s");
  EXPECT_EQ(job_label("", "s"), "s");
  EXPECT_EQ(job_label("n", ""), "");
}

}  // namespace
}  // namespace millrace::prometheus
