#include "daemon/show/show_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace millrace::show {
namespace {

JsonAnswer parse(std::string_view text) {
  setenv("TZ", "UTC", 1);
  tzset();
  auto answer = JsonAnswer::parse(text);
  EXPECT_TRUE(answer) << answer.error().message;
  return *std::move(answer);
}

TEST(ShowTextTest, TracesAreATable) {
  const auto list = parse(R"({"traces":[
      {"trace_id":"0af7651916cd43dd8448eb211c80319c","root_service":"shop","root_operation":"GET /",
       "start_unix_nano":"1000000000","duration_ns":2500000,"span_count":3,"error_count":1},
      {"trace_id":"1af7651916cd43dd8448eb211c80319c","root_service":"","root_operation":"x",
       "start_unix_nano":"2000000000","duration_ns":-1000,"span_count":12000,"error_count":0}],
      "next_cursor":"c1","trace_count":9})");
  EXPECT_EQ(trace_list_lines(list, {}),
            (Lines{"TIME          DURATION   SPANS  ERRORS  SERVICE  OPERATION  TRACE ID",
                   "00:00:01.000    2.5 ms       3       1  shop     GET /      "
                   "0af7651916cd43dd8448eb211c80319c",
                   "00:00:02.000     -1 µs  12,000                   x          "
                   "1af7651916cd43dd8448eb211c80319c",
                   "2 of 9 traces that are held; more: --cursor c1"}));
  EXPECT_EQ(trace_list_lines(parse(R"({"traces":[],"trace_count":4})"), {}),
            (Lines{"no trace matches; held now: 4"}));
}

TEST(ShowTextTest, TheLeastNumberIsShown) {
  const auto list = parse(R"({"traces":[{"duration_ns":-9223372036854775808}]})");
  EXPECT_TRUE(trace_list_lines(list, {})[1].contains("-9.22e+09 s"))
      << trace_list_lines(list, {})[1];
  const auto ledger = parse(R"({"accounts":[{"delivered":-9223372036854775808,
      "admitted":9223372036854775807,"recovered":1}]})");
  EXPECT_TRUE(ledger_lines(ledger, {})[1].contains("-9,223,372,036,854,775,808"));
}

TEST(ShowTextTest, ATraceIsATree) {
  const auto trace = parse(R"({"trace_id":"ab","start_unix_nano":"1000000000","duration_ns":1000,
      "span_count":2,"error_count":1,"resources":[{"service":"shop"}],"next_offset":2,
      "spans":[{"name":"root","depth":0,"resource":0,"offset_ns":0,"duration_ns":1000,"status":"ok"},
               {"name":"child","depth":1,"resource":5,"offset_ns":500,"duration_ns":500,
                "status":"error","status_message":"gone"}],
      "logs":[{"time_unix_nano":"3000000000","severity_number":17,"body":"late","service":"shop"},
              {"time_unix_nano":"2000000000","severity_number":9,"body":"early","service":"shop"}]})");
  const Lines lines = trace_lines(trace, {});
  ASSERT_EQ(lines.size(), 9u);
  EXPECT_EQ(lines[0], "trace ab  00:00:01.000  1 µs  2 spans, 1 failed");
  EXPECT_EQ(lines[2], "  0 ns      1 µs  root           shop     ████████████████████████");
  EXPECT_EQ(lines[3], "500 ns    500 ns    child: gone                       ████████████");
  EXPECT_EQ(lines[4], "more: --offset 2");
  EXPECT_TRUE(lines[7].contains("early")) << lines[7];
  EXPECT_TRUE(lines[8].contains("ERROR  shop     late")) << lines[8];
}

TEST(ShowTextTest, LogsAreOldestFirst) {
  const auto list = parse(R"({"logs":[
      {"time_unix_nano":"2000000000","severity_number":13,"body":"b","service":"s","trace_id":"t",
       "attributes":[{"key":"k","value":"v"}]},
      {"time_unix_nano":"1000000000","severity_number":0,"body":"a\nb","service":"s"}]})");
  EXPECT_EQ(log_lines(list, {}, LogOrder::kReversed, Titles::kShown),
            (Lines{"TIME          LEVEL  SERVICE  BODY AND ATTRIBUTES  TRACE ID",
                   "00:00:01.000         s        a\\nb",
                   "00:00:02.000  WARN   s        b  k=v               t"}));
  EXPECT_EQ(log_lines(list, {}, LogOrder::kAsGiven, Titles::kLeftOut).size(), 2u);
}

TEST(ShowTextTest, MetricsHaveATrend) {
  const auto list = parse(R"({"metrics":[{"name":"cpu","type":"sum","unit":"s",
      "temporality":"delta","services":["a","b"],"series_count":2,"sparkline":[0,1,2,8]}]})");
  EXPECT_EQ(metric_list_lines(list, {}).at(1), "cpu   sum, delta  s          2     8  ▁▂▃█   a, b");
  const auto series = parse(R"({"name":"h","type":"histogram","unit":"ms","series":[
      {"service":"s","attributes":[{"key":"k","value":"v"}],"points":[
       {"time_unix_nano":"1000000000","value":null,"count":3,"sum":4.5,
        "quantiles":[{"quantile":0.5,"value":1.25}]}]}]})");
  const Lines lines = metric_lines(series, {});
  EXPECT_EQ(lines.at(0), "h  histogram, ms");
  EXPECT_EQ(lines.at(2), "00:00:01.000  count 3, sum 4.5, p50 1.25  ▁      s        k=v");
}

TEST(ShowTextTest, TheLedgerSaysWhatWasLost) {
  const auto ledger = parse(R"({"accounts":[{"signal":"traces","pipeline":"traces",
      "destination":"otlp","admitted":1500,"recovered":0,"delivered":1400,"filtered":0,
      "sampled_out":0,"rejected_by_peer":0,"dropped":{"queue_full":100},"dropped_total":100,
      "held":0}],"is_balanced":true,"audits":3,"findings":[]})");
  EXPECT_EQ(
      ledger_lines(ledger, {}),
      (Lines{"SIGNAL  PIPELINE  DESTINATION     IN  DELIVERED  FILTERED  SAMPLED OUT  REJECTED  "
             "DROPPED  HELD",
             "traces  traces    otlp         1,500      1,400         0            0         0  "
             "    100     0",
             "dropped: 100 traces of otlp, queue_full", "balanced after 3 audits"}));
}

TEST(ShowTextTest, LinesFitTheTerminal) {
  const auto list =
      parse(R"({"logs":[{"time_unix_nano":"1","body":")" + std::string(3000, 'x') +
            R"(","service":"a very long name of a service","trace_id":"0123456789"}]})");
  for (size_t width = 1; width < 120; width += 7) {
    for (const std::string& line :
         log_lines(list, {.width = width}, LogOrder::kAsGiven, Titles::kShown)) {
      EXPECT_LE(line.size(), width + 6) << width;  // at most three marks of three bytes
    }
  }
}

TEST(ShowTextTest, TextsOfTelemetryCannotCommandTheTerminal) {
  const auto trace = parse(R"({"trace_id":"\u001b[2J","traces":[],"findings":["\u001b[H"]})");
  EXPECT_TRUE(trace_lines(trace, {}).at(0).contains("\\u001b[2J"));
  EXPECT_EQ(ledger_lines(trace, {}).back(), "\\u001b[H");
  EXPECT_EQ(trace_list_lines(trace, {.width = 8}), (Lines{"no trac…"}));
}

TEST(ShowTextTest, SparklinesShowTheNewest) {
  EXPECT_EQ(sparkline({}, 4), "");
  EXPECT_EQ(sparkline({5, 5}, 4), "▁▁");
  EXPECT_EQ(sparkline({9, 0, 1}, 2), "▁█");
}

}  // namespace
}  // namespace millrace::show
