#include "daemon/replay/options.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace millrace::replay {
namespace {

// The message of the first mistake, or empty.
std::string parse(std::vector<std::string> arguments, ReplayOptions& options) {
  CLI::App app;
  add_replay_options(app, options);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 expects them in reverse
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return check_replay_options(options);
}

TEST(ReplayOptionsTest, EveryOptionIsReadAndAHeaderTakesNoFile) {
  ReplayOptions options;
  ASSERT_EQ(
      parse({"--endpoint", "localhost:1", "--header",      "X-A=1",       "first",     "--header",
             "b=2",        "second",      "--destination", "otlp_grpc/a", "--signal",  "logs",
             "--rejected", "r",           "--rate",        "10",          "--streams", "1",
             "--timeout",  "3s",          "--retries",     "2",           "--summary", "json",
             "--protocol", "http",        "--compression", "zstd"},
            options),
      "");
  EXPECT_EQ(options.files, (std::vector<std::string>{"first", "second"}));
  ASSERT_EQ(options.headers.size(), 2u);
  EXPECT_EQ(options.headers[0].name, "x-a");
  EXPECT_EQ(options.destination, "otlp_grpc/a");
  EXPECT_EQ(options.signal, Signal::kLogs);
  EXPECT_EQ(options.rejected_file, "r");
  EXPECT_EQ(options.streams, 1u);
  EXPECT_EQ(options.timeout, 3s);
  EXPECT_EQ(options.retries_max, 2u);
  EXPECT_EQ(options.protocol, load::LoadProtocol::kHttp);
}

TEST(ReplayOptionsTest, MistakesAreNamed) {
  ReplayOptions options;
  EXPECT_NE(parse({}, options).find("FILE"), std::string::npos);
  EXPECT_NE(parse({"f", "--signal", "events"}, options).find("not one of traces"),
            std::string::npos);
  ReplayOptions both;
  EXPECT_NE(parse({"f", "--dry-run", "--rejected", "r"}, both).find("--dry-run"),
            std::string::npos);
}

}  // namespace
}  // namespace millrace::replay
