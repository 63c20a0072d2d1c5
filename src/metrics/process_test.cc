#include "metrics/process.h"

#include <gtest/gtest.h>

namespace millrace::metrics {
namespace {

// Fields 3 to 25 of proc(5); 250 user and 50 system ticks, started at tick 1000, 3 pages.
constexpr const char* kLine =
    "42 (mill race) x) S 1 42 42 0 -1 4194304 9 0 0 0 250 50 0 0 20 0 4 0 1000 123456 3 "
    "18446744073709551615 1\n";

TEST(ProcessTest, StatOfANameWithParenthesesIsRead) {
  const auto stat = parse_process_stat(kLine, 100, 4096);
  ASSERT_TRUE(stat.has_value());
  EXPECT_EQ(stat->cpu_seconds, 3.0);
  EXPECT_EQ(stat->start_seconds, 10.0);
  EXPECT_EQ(stat->rss_bytes, 3 * 4096);
}

TEST(ProcessTest, CutStatIsRefused) {
  const std::string line = kLine;
  const size_t last_needed = line.find(" 3 1844") + 2;
  for (size_t size = 0; size < last_needed; ++size) {
    EXPECT_FALSE(parse_process_stat(line.substr(0, size), 100, 4096).has_value()) << size;
  }
}

TEST(ProcessTest, SumsOfStatDoNotOverflow) {
  const std::string max = "9223372036854775807";
  std::string line = "1 (a) S";
  for (int i = 1; i < 22; ++i) line += " " + (i == 21 ? "7" : max);
  EXPECT_GT(parse_process_stat(line, 100, 4096)->cpu_seconds, 1e17);
  EXPECT_FALSE(parse_process_stat(line + "99999999999999999", 100, 4096));
}

TEST(ProcessTest, MetricsShowTheSource) {
  Registry registry;
  const ProcessMetrics metrics(
      registry, ProcessSource{[] { return std::string(kLine); }, [] { return 70.5; }, 100, 4096,
                              [] { return uint64_t{11}; }, [] { return uint64_t{22}; }});
  const std::string text = registry.to_prometheus_text();
  for (const char* expected :
       {"# TYPE otelcol_process_cpu_seconds counter\notelcol_process_cpu_seconds 3\n",
        "# TYPE otelcol_process_uptime counter\notelcol_process_uptime 60.5\n",
        "# TYPE otelcol_process_memory_rss gauge\notelcol_process_memory_rss 12288\n",
        "\notelcol_process_runtime_heap_alloc_bytes 11\n",
        "\notelcol_process_runtime_total_sys_memory_bytes 22\n"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\nin\n" << text;
  }
}

TEST(ProcessTest, ThisProcessHasUsedMemory) {
  const ProcessSource source = this_process();
  const auto stat =
      parse_process_stat(source.read_stat(), source.ticks_per_second, source.page_bytes);
  ASSERT_TRUE(stat.has_value());
  EXPECT_GT(stat->rss_bytes, 0);
  EXPECT_GE(source.seconds_since_boot(), stat->start_seconds);
}

}  // namespace
}  // namespace millrace::metrics
