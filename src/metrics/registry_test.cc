#include "metrics/registry.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>

namespace millrace::metrics {
namespace {

TEST(RegistryTest, SameNameAndLabelsAreTheSameCounter) {
  Registry registry;
  Counter& one = registry.counter("a", "h", {{"x", "1"}, {"y", "2"}});
  Counter& two = registry.counter("a", "h", {{"y", "2"}, {"x", "1"}});
  EXPECT_EQ(&one, &two);
  EXPECT_NE(&one, &registry.counter("a", "h", {{"x", "1"}}));
}

TEST(RegistryTest, TextIsSortedByFamilyAndLabels) {
  Registry registry;
  registry.counter("b_total_is_not_added", "Second.", {}).add(7);
  registry.counter("a", "First.", {{"transport", "http"}, {"receiver", "otlp"}}).add(1'234'567);
  registry.counter("a", "Ignored: the first use names it.",
                   {{"receiver", "otlp"}, {"transport", "grpc"}});
  EXPECT_EQ(registry.to_prometheus_text(),
            "# HELP a First.\n"
            "# TYPE a counter\n"
            "a{receiver=\"otlp\",transport=\"grpc\"} 0\n"
            "a{receiver=\"otlp\",transport=\"http\"} 1.234567e+06\n"
            "# HELP b_total_is_not_added Second.\n"
            "# TYPE b_total_is_not_added counter\n"
            "b_total_is_not_added 7\n");
}

TEST(RegistryTest, HelpAndLabelValuesAreEscaped) {
  Registry registry;
  registry.counter("a", "back\\slash, new\nline, \"quotes\"", {{"l", "a\\b\"c\nd"}});
  EXPECT_EQ(registry.to_prometheus_text(),
            "# HELP a back\\\\slash, new\\nline, \"quotes\"\n"
            "# TYPE a counter\n"
            "a{l=\"a\\\\b\\\"c\\nd\"} 0\n");
}

TEST(RegistryTest, HistogramBucketsAreCumulative) {
  Registry registry;
  Histogram& sizes = registry.histogram("size", "Sizes.", {{"p", "batch"}}, {10, 25, 1e6});
  for (const double value : {1.0, 10.0, 11.0, 2e6}) sizes.record(value);
  EXPECT_EQ(sizes.count(), 4u);
  EXPECT_EQ(registry.to_prometheus_text(),
            "# HELP size Sizes.\n"
            "# TYPE size histogram\n"
            "size_bucket{p=\"batch\",le=\"10\"} 2\n"
            "size_bucket{p=\"batch\",le=\"25\"} 3\n"
            "size_bucket{p=\"batch\",le=\"1e+06\"} 3\n"
            "size_bucket{p=\"batch\",le=\"+Inf\"} 4\n"
            "size_sum{p=\"batch\"} 2.000022e+06\n"
            "size_count{p=\"batch\"} 4\n");
}

TEST(RegistryTest, GaugeLivesAsLongAsItsHandle) {
  Registry registry;
  double value = 3;
  Registry::Handle handle = registry.gauge("g", "Now.", {}, [&] { return value; });
  value = 4.5;
  EXPECT_EQ(registry.to_prometheus_text(), "# HELP g Now.\n# TYPE g gauge\ng 4.5\n");
  handle.reset();
  EXPECT_EQ(registry.to_prometheus_text(), "");
}

TEST(RegistryTest, ValuesOfOneLabelSetAreSummed) {
  Registry registry;
  Registry::Handle first = registry.gauge("g", "Now.", {{"e", "a"}}, [] { return 2.0; });
  Registry::Handle second = registry.gauge("g", "Now.", {{"e", "a"}}, [] { return 3.0; });
  Registry::Handle other = registry.gauge("g", "Now.", {{"e", "b"}}, [] { return 1.0; });
  EXPECT_EQ(registry.to_prometheus_text(),
            "# HELP g Now.\n# TYPE g gauge\ng{e=\"a\"} 5\ng{e=\"b\"} 1\n");
  first.reset();
  EXPECT_EQ(registry.to_prometheus_text(),
            "# HELP g Now.\n# TYPE g gauge\ng{e=\"a\"} 3\ng{e=\"b\"} 1\n");
}

TEST(RegistryTest, HandleMayOutliveItsRegistry) {
  std::optional<Registry> registry(std::in_place);
  Registry::Handle handle = registry->counter_function("c", "h", {}, [] { return 1.0; });
  registry.reset();
  handle.reset();
}

TEST(RegistryTest, ResourceIsTargetInfo) {
  Registry registry;
  registry.set_resource({{"service_version", "0.1.0"}, {"service_name", "old"}});
  registry.set_resource(
      {{"service_version", "0.1.0"}, {"service_name", "millrace"}, {"service_instance_id", "7"}});
  EXPECT_EQ(registry.to_prometheus_text(),
            "# HELP target_info Target metadata\n"
            "# TYPE target_info gauge\n"
            "target_info{service_instance_id=\"7\",service_name=\"millrace\","
            "service_version=\"0.1.0\"} 1\n");
}

TEST(RegistryDeathTest, OneNameHasOneType) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Registry registry;
  registry.counter("a", "h", {});
  EXPECT_DEATH((void)registry.gauge("a", "h", {{"x", "1"}}, [] { return 0.0; }), "type");
}

// Adds, creates, drops and renders at once, for the thread sanitizer.
TEST(RegistryTest, ConcurrentUseLosesNothing) {
  Registry registry;
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&registry, t] {
      Counter& shared = registry.counter("shared", "h", {});
      Histogram& sizes = registry.histogram("sizes", "h", {}, {1, 2});
      for (int i = 0; i < kRounds; ++i) {
        shared.add(1);
        sizes.record(1.5);
        if (i % 100 != 0) continue;
        registry.counter("own", "h", {{"t", std::to_string(t)}}).add(1);
        const Registry::Handle brief = registry.gauge("brief", "h", {}, [i] { return i; });
      }
    });
  }
  for (int i = 0; i < 20; ++i) EXPECT_NO_FATAL_FAILURE((void)registry.to_prometheus_text());
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(registry.counter("shared", "h", {}).value(), uint64_t{kThreads} * kRounds);
  Histogram& sizes = registry.histogram("sizes", "h", {}, {});
  EXPECT_EQ(sizes.bucket_count(1), uint64_t{kThreads} * kRounds);
  EXPECT_EQ(sizes.sum(), 1.5 * kThreads * kRounds);
  EXPECT_EQ(registry.to_prometheus_text().find("brief"), std::string::npos);
}

TEST(RegistryTest, SuffixIsForCountersOnlyAndOnlyWhenConfigured) {
  Registry registry;
  registry.counter("received", "Items.", {}).add(3);
  const Registry::Handle gauge = registry.gauge("held", "Items.", {}, [] { return 1.0; });
  const std::string text = registry.to_prometheus_text(CounterNames::kWithTotal);
  EXPECT_NE(text.find("# TYPE received_total counter\nreceived_total 3\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("\nheld 1\n"), std::string::npos) << text;
}

TEST(RegistryTest, ASnapshotHasEveryValue) {
  Registry registry;
  registry.counter("c", "counts", {{"b", "2"}, {"a", "1"}}).add(7);
  const auto gauge = registry.gauge("g", "", {}, [] { return 1.5; });
  registry.histogram("h", "", {}, {1, 2}).record(1.5);
  const std::vector<MetricValue> all = registry.snapshot();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].name, "c");
  EXPECT_EQ(all[0].help, "counts");
  EXPECT_EQ(all[0].type, MetricType::kCounter);
  EXPECT_EQ(all[0].series[0].labels, (Labels{{"b", "2"}, {"a", "1"}}));
  EXPECT_EQ(all[0].series[0].value, 7);
  EXPECT_TRUE(all[0].series[0].is_integer);
  EXPECT_EQ(all[1].type, MetricType::kGauge);
  EXPECT_EQ(all[1].series[0].value, 1.5);
  EXPECT_FALSE(all[1].series[0].is_integer);
  EXPECT_EQ(all[2].series[0].bucket_counts, (std::vector<uint64_t>{0, 1, 0}));
  EXPECT_EQ(all[2].series[0].upper_bounds, (std::vector<double>{1, 2}));
  EXPECT_EQ(all[2].series[0].sum, 1.5);
}

}  // namespace
}  // namespace millrace::metrics
