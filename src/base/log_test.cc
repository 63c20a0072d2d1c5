#include "base/log.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

struct Lines {
  std::string text;
  int64_t now_ms = 1'700'000'000'123;
  Logger make(LogOptions options) {
    return Logger(
        options, [this](std::string_view line) { text += line; }, [this] { return now_ms; });
  }
};

TEST(LogTest, ConsoleQuotesOnlyValuesThatNeedIt) {
  Lines lines;
  auto logger = lines.make({});
  logger.warn("destination refused",
              {{"exporter", "otlp_grpc/a"}, {"message", "no room"}, {"n", 3}});
  EXPECT_EQ(lines.text,
            "2023-11-14T22:13:20.123Z\twarn\tdestination refused exporter=otlp_grpc/a "
            "message=\"no room\" n=3\n");
}

TEST(LogTest, EscapeSequencesOfTerminalsAreQuotedOnTheConsole) {
  Lines lines;
  auto logger = lines.make({});
  logger.info("x", {{"path", "/\x1b[2J"}, {"q", "a\rb"}});
  EXPECT_TRUE(lines.text.ends_with(R"(x path="/\u001b[2J" q="a\rb")"
                                   "\n"));
}

TEST(LogTest, JsonEscapesControlCharacters) {
  Lines lines;
  auto logger = lines.make({.encoding = LogEncoding::kJson});
  logger.info("x", {{"k", "a\"b\n\x01"}});
  EXPECT_NE(lines.text.find(R"("k":"a\"b\n\u0001")"), std::string::npos);
}

TEST(LogTest, RepeatsBeyondTheLimitAreCountedNotWritten) {
  Lines lines;
  auto logger = lines.make({.sampling_initial = 2, .sampling_thereafter = 3});
  for (int i = 0; i < 8; ++i) logger.info("same");
  EXPECT_EQ(std::count(lines.text.begin(), lines.text.end(), '\n'), 4);
  EXPECT_EQ(logger.suppressed_count(), 4u);
  lines.now_ms += 10'000;
  logger.info("same");
  EXPECT_EQ(std::count(lines.text.begin(), lines.text.end(), '\n'), 5);
}

TEST(LogTest, OneComponentsRepeatsDoNotSilenceAnother) {
  Lines lines;
  auto logger = lines.make({.sampling_initial = 2, .sampling_thereafter = 0});
  for (int i = 0; i < 100; ++i) {
    for (const char* exporter : {"otlp/a", "otlp/b"})
      logger.warn("failed", {{"exporter", exporter}});
  }
  logger.warn("failed", {{"attempt", 1}, {"exporter", "otlp/c"}});
  EXPECT_EQ(std::count(lines.text.begin(), lines.text.end(), '\n'), 5) << lines.text;
  EXPECT_NE(lines.text.find("otlp/c"), std::string::npos);
}

// 232,000 lines of one reason had left no line for another reason.
TEST(LogTest, OneReasonsRepeatsDoNotSilenceAnother) {
  Lines lines;
  auto logger = lines.make({.sampling_initial = 2, .sampling_thereafter = 0});
  const auto refuse = [&](const char* reason) {
    logger.warn("request refused",
                {{"receiver", "otlp"}, {"reason", reason}, {"peer", "10.0.0.7"}});
  };
  for (int i = 0; i < 100; ++i) refuse("bad_path");
  refuse("reset_flood");
  EXPECT_EQ(std::count(lines.text.begin(), lines.text.end(), '\n'), 3) << lines.text;
  EXPECT_NE(lines.text.find("reset_flood"), std::string::npos);
}

TEST(LogTest, PairsBeyondTheTableAreSampledTogether) {
  Lines lines;
  auto logger = lines.make({.sampling_initial = 1, .sampling_thereafter = 0});
  for (int i = 0; i < 10'000; ++i) logger.warn("failed", {{"exporter", std::to_string(i)}});
  EXPECT_LE(std::count(lines.text.begin(), lines.text.end(), '\n'), 4097);
  EXPECT_GE(std::count(lines.text.begin(), lines.text.end(), '\n'), 4096);
}

TEST(LogTest, AMessageCannotForgeALine) {
  Lines lines;
  auto logger = lines.make({});
  logger.info("x\nledger: balance=ok", {{"a\nb", "c\nd"}, {"e", "\xc2\x9b\xff"}});
  EXPECT_EQ(std::count(lines.text.begin(), lines.text.end(), '\n'), 1) << lines.text;
  EXPECT_EQ(lines.text.find("\xc2\x9b"), std::string::npos);
}

TEST(LogTest, ABlockKeepsItsLinesOnTheConsoleAndIsOneStringInJson) {
  Lines lines;
  const LogField field("exporter", "debug");
  lines.make({}).log_block(LogLevel::kInfo, "a\nb\n", std::span(&field, 1));
  EXPECT_TRUE(lines.text.ends_with("\tinfo\ta\nb\n\texporter=debug\n")) << lines.text;
  lines.text.clear();
  lines.make({.encoding = LogEncoding::kJson}).log_block(LogLevel::kInfo, "a\nb\n");
  EXPECT_TRUE(lines.text.ends_with("\"msg\":\"a\\nb\\n\"}\n")) << lines.text;
}

TEST(LogTest, LowerLevelsAreSilent) {
  Lines lines;
  auto logger = lines.make({.level = LogLevel::kWarn});
  logger.info("quiet");
  EXPECT_TRUE(lines.text.empty());
}

}  // namespace
}  // namespace millrace
