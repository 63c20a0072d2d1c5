#include "daemon/generate/options.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

namespace millrace::load {
namespace {

// The message of the first mistake, or empty.
std::string parse(std::vector<std::string> arguments, GenerateOptions& options) {
  CLI::App app;
  add_generate_options(app, options);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 expects them in reverse
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return check_generate_options(options);
}

TEST(GenerateOptionsTest, EveryOptionIsRead) {
  GenerateOptions options;
  ASSERT_EQ(parse({"--endpoint",
                   "https://localhost:1",
                   "--protocol",
                   "http",
                   "--format",
                   "json",
                   "--compression",
                   "zstd",
                   "--header",
                   "X-A=1",
                   "--header",
                   "b: 2",
                   "--ca-file",
                   "ca",
                   "--cert-file",
                   "c",
                   "--key-file",
                   "k",
                   "--insecure-skip-verify",
                   "--signal",
                   "logs",
                   "--items-per-request",
                   "7",
                   "--rate",
                   "1000",
                   "--connections",
                   "3",
                   "--streams",
                   "5",
                   "--total",
                   "70",
                   "--duration",
                   "2s",
                   "--timeout",
                   "300ms",
                   "--retries",
                   "4",
                   "--acknowledged",
                   "a",
                   "--generator-id",
                   "9",
                   "--first-sequence",
                   "100",
                   "--seed",
                   "8",
                   "--summary",
                   "json"},
                  options),
            "");
  EXPECT_EQ(options.protocol, LoadProtocol::kHttp);
  EXPECT_EQ(options.format, PayloadFormat::kJson);
  EXPECT_EQ(options.compression, compress::Coding::kZstd);
  ASSERT_EQ(options.headers.size(), 2u);
  EXPECT_EQ(options.headers[1], (MetadataEntry{"b", "2"}));
  EXPECT_TRUE(options.tls.skip_verify);
  EXPECT_EQ(options.signal, Signal::kLogs);
  EXPECT_EQ(options.items_per_request, 7u);
  EXPECT_EQ(options.rate, 1000);
  EXPECT_EQ(options.connections, 3u);
  EXPECT_EQ(options.streams, 5u);
  EXPECT_EQ(options.total, 70u);
  EXPECT_EQ(options.duration, 2s);
  EXPECT_EQ(options.timeout, 300ms);
  EXPECT_EQ(options.retries_max, 4u);
  EXPECT_EQ(options.acknowledged_file, "a");
  EXPECT_EQ(options.generator_id, 9);
  EXPECT_EQ(options.first_sequence, 100u);
  EXPECT_EQ(options.seed, 8u);
  EXPECT_EQ(options.summary, SummaryFormat::kJson);
}

TEST(GenerateOptionsTest, WrongValuesAreNamed) {
  const struct {
    std::vector<std::string> arguments;
    const char* words;
  } kCases[] = {
      {{"--duration", "5 minutes"}, "not a duration"},
      {{"--header", "nothing"}, "not name=value"},
      {{"--protocol", "udp"}, "udp"},
      {{"--signal", "profiles"}, "profiles"},
      {{"--items-per-request", "0"}, "--items-per-request"},
      {{"--rate", "-1"}, "--rate"},
      {{"--format", "json"}, "--protocol http"},
      {{"--cert-file", "c"}, "--key-file"},
      {{"--endpoint", "x:y"}, "port"},
  };
  for (const auto& each : kCases) {
    GenerateOptions options;
    EXPECT_NE(parse(each.arguments, options).find(each.words), std::string::npos) << each.words;
  }
}

}  // namespace
}  // namespace millrace::load
