#include "daemon/show/options.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace millrace::show {
namespace {

std::string traces(const std::string& arguments) {
  TracesOptions options;
  CLI::App app;
  add_traces_options(app, options);
  app.parse(arguments, false);
  return asked_by(options);
}
std::string logs(const std::string& arguments, const std::string& after = "") {
  LogsOptions options;
  CLI::App app;
  add_logs_options(app, options);
  app.parse(arguments, false);
  return asked_by(options, after);
}
std::string metrics(const std::string& arguments) {
  MetricsOptions options;
  CLI::App app;
  add_metrics_options(app, options);
  app.parse(arguments, false);
  return asked_by(options);
}

TEST(ShowOptionsTest, TracesAreAskedForAsTheApiWantsIt) {
  EXPECT_EQ(traces(""), "/api/v1/traces");
  EXPECT_EQ(traces("--service shop --operation \"GET /\" --min-duration 1.5ms --error "
                   "--attribute a=b --attribute c --sort errors --limit 3 --cursor x"),
            "/api/v1/traces?limit=3&service=shop&attribute=a%3Db&attribute=c&operation=GET+%2F"
            "&min_duration_ms=1.5&error=true&sort=errors&cursor=x");
  EXPECT_EQ(traces("0123 --offset 7"), "/api/v1/traces/0123?offset=7");
}

TEST(ShowOptionsTest, LogsAndMetricsAreAskedForAsTheApiWantsIt) {
  EXPECT_EQ(logs("--severity warn --text x"), "/api/v1/logs?severity=13&text=x");
  EXPECT_EQ(logs("", "4.1"), "/api/v1/logs?after=4.1");
  EXPECT_EQ(metrics("--name cpu"), "/api/v1/metrics?name=cpu");
  EXPECT_EQ(metrics("cpu.time --limit 2"), "/api/v1/series?metric=cpu.time&limit=2");
}

TEST(ShowOptionsTest, EachListCanBeOfOneRun) {
  EXPECT_EQ(traces("--run earlier"), "/api/v1/traces?run=earlier");
  EXPECT_EQ(logs("--run current"), "/api/v1/logs?run=current");
  EXPECT_EQ(metrics("--run 3f2a"), "/api/v1/metrics?run=3f2a");
  EXPECT_EQ(metrics("cpu.time --run 3f2a"), "/api/v1/series?metric=cpu.time&run=3f2a");
}

TEST(ShowOptionsTest, MistakesAreRefused) {
  EXPECT_THROW(traces("--sort up"), CLI::ParseError);
  EXPECT_THROW(traces("--limit 0"), CLI::ParseError);
  EXPECT_THROW(traces("--limit x"), CLI::ParseError);
  EXPECT_THROW(traces("--min-duration soon"), CLI::ParseError);
  EXPECT_THROW(logs("--severity loud"), CLI::ParseError);
  EXPECT_THROW(logs("--limit 1001"), CLI::ParseError);
}

}  // namespace
}  // namespace millrace::show
