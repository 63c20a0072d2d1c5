#include "daemon/sink/options.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace millrace::load {
namespace {

std::string parse(std::vector<std::string> arguments, SinkOptions& options) {
  CLI::App app;
  add_sink_options(app, options);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 expects them in reverse
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return check_sink_options(options);
}

TEST(SinkOptionsTest, EveryOptionIsRead) {
  SinkOptions options;
  ASSERT_EQ(parse({"--endpoint",
                   "localhost:0",
                   "--endpoint",
                   "localhost:1",
                   "--check-ids",
                   "--expect",
                   "100",
                   "--acknowledged",
                   "a",
                   "--settle",
                   "1s",
                   "--duration",
                   "2m",
                   "--interval",
                   "0",
                   "--record",
                   "r",
                   "--summary",
                   "json",
                   "--delay",
                   "5ms",
                   "--rate",
                   "5000",
                   "--refuse-probability",
                   "0.25",
                   "--refuse-code",
                   "resource_exhausted",
                   "--retry-after",
                   "1s",
                   "--fail-every",
                   "2",
                   "--hang",
                   "3",
                   "--cut-after",
                   "4",
                   "--partial",
                   "5",
                   "--seed",
                   "6"},
                  options),
            "");
  EXPECT_EQ(options.endpoints, (std::vector<std::string>{"localhost:0", "localhost:1"}));
  EXPECT_TRUE(options.check_ids);
  EXPECT_EQ(options.expect, 100u);
  EXPECT_EQ(options.acknowledged_files, std::vector<std::string>{"a"});
  EXPECT_EQ(options.settle, 1s);
  EXPECT_EQ(options.duration, 2min);
  EXPECT_EQ(options.interval, 0s);
  EXPECT_EQ(options.record_file, "r");
  EXPECT_EQ(options.misbehaviour.delay, 5ms);
  EXPECT_EQ(options.misbehaviour.items_per_second, 5000);
  EXPECT_EQ(options.misbehaviour.refuse_probability, 0.25);
  EXPECT_EQ(options.misbehaviour.refuse_code, Code::kResourceExhausted);
  EXPECT_EQ(options.misbehaviour.retry_after, 1s);
  EXPECT_EQ(options.misbehaviour.fail_every, 2u);
  EXPECT_EQ(options.misbehaviour.hang_every, 3u);
  EXPECT_EQ(options.misbehaviour.cut_every, 4u);
  EXPECT_EQ(options.misbehaviour.partial_count, 5u);
  EXPECT_EQ(options.misbehaviour.seed, 6u);
}

TEST(SinkOptionsTest, WrongValuesAreNamed) {
  const struct {
    std::vector<std::string> arguments;
    const char* words;
  } kCases[] = {
      {{"--delay", "soon"}, "not a duration"},
      {{"--refuse-code", "ok"}, "not a gRPC code"},
      {{"--refuse-probability", "2"}, "--refuse-probability"},
      {{"--tls-cert-file", "c"}, "--tls-key-file"},
      {{"--endpoint", "x:y"}, "port"},
      {{"--endpoint", "x:1/path"}, "path"},
  };
  for (const auto& each : kCases) {
    SinkOptions options;
    EXPECT_NE(parse(each.arguments, options).find(each.words), std::string::npos) << each.words;
  }
}

TEST(MisbehaviourTest, EveryNthMeansEveryNth) {
  Misbehaviour how;
  how.fail_every = 2;
  how.hang_every = 3;
  how.cut_every = 6;
  MisbehaviourPlan plan(how);
  std::vector<Verdict> verdicts;
  for (int i = 0; i < 6; ++i) verdicts.push_back(plan.next());
  EXPECT_EQ(verdicts, (std::vector<Verdict>{Verdict::kAccept, Verdict::kFail, Verdict::kHang,
                                            Verdict::kFail, Verdict::kAccept, Verdict::kCut}));
}

TEST(MisbehaviourTest, RefusesItsShare) {
  Misbehaviour how;
  how.refuse_probability = 0.25;
  MisbehaviourPlan plan(how);
  int refused = 0;
  for (int i = 0; i < 10000; ++i) refused += plan.next() == Verdict::kRefuse ? 1 : 0;
  EXPECT_NEAR(refused, 2500, 150);
}

}  // namespace
}  // namespace millrace::load
