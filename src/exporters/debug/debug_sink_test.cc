#include "exporters/debug/debug_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>
#include <thread>

namespace millrace::exporters {
namespace {

using testing::HasSubstr;

TEST(DebugSinkTest, LogLinesCarryTheCountsAndNameTheExporter) {
  std::string lines;
  Logger logger({}, [&](std::string_view line) { lines += line; }, [] { return int64_t{0}; });
  const DebugSink sink = make_log_sink(logger, nullptr, "debug/a");
  EXPECT_TRUE(sink.summary("Traces", {{"resource spans", 1}, {"spans", 10}}));
  EXPECT_TRUE(sink.text("Span #0\n"));
  EXPECT_THAT(lines, HasSubstr("Traces exporter=debug/a"));
  EXPECT_THAT(lines, HasSubstr("spans=10"));
  EXPECT_THAT(lines, HasSubstr("Span #0\n\texporter=debug/a\n"));
}

TEST(DebugSinkTest, EveryOutputGetsEachTextOnce) {
  std::string first;
  std::string second;
  bool has_room = false;
  const DebugSink sink = make_text_sink({[&](std::string_view text) {
                                           first += text;
                                           return true;
                                         },
                                         [&](std::string_view text) {
                                           if (has_room) second += text;
                                           return has_room;
                                         }});
  EXPECT_FALSE(sink.text("a\n"));
  EXPECT_FALSE(sink.text("a\n"));
  has_room = true;
  EXPECT_TRUE(sink.text("a\n"));
  EXPECT_TRUE(sink.text("b\n"));
  EXPECT_EQ(first, "a\nb\n");
  EXPECT_EQ(second, "a\nb\n");
}

// A log that is read slowly holds the exporter up; one that is never read does not.
TEST(DebugSinkTest, ALogThatNobodyReadsCostsLinesNotData) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  io::TextOutput output({.descriptor = ends[1], .bytes_max = 300'000});
  Logger logger({}, [&](std::string_view line) { output.write(line); }, [] { return int64_t{0}; });
  const DebugSink sink = make_log_sink(logger, &output, "debug");
  const std::string text = std::string(49'999, 'x') + "\n";
  while (output.stalled_for() < 50ms) {
    if (!sink.text(text)) std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(output.dropped_lines(), 0u) << "without waiting for a reader";
  const auto begun = std::chrono::steady_clock::now();
  while (!sink.text(text)) std::this_thread::sleep_for(5ms);
  EXPECT_GT(std::chrono::steady_clock::now() - begun, kReaderPatience / 2);
  EXPECT_EQ(output.dropped_lines(), 1u);
  EXPECT_TRUE(sink.summary("Logs", {{"log records", 1}}));
  EXPECT_EQ(output.dropped_lines(), 2u);
  ::close(ends[0]);
  signal(SIGPIPE, SIG_IGN);
  output.flush(5s);
  ::close(ends[1]);
}

}  // namespace
}  // namespace millrace::exporters
