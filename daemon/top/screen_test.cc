#include "daemon/top/screen.h"

#include <gtest/gtest.h>

namespace millrace::top {
namespace {

Sample busy() {
  Sample sample;
  sample.at_ms = 2000;
  sample.version = "1.2";
  sample.uptime_s = 3661;
  sample.is_accepting = true;
  sample.workers = 2;
  sample.alerts = {"the queue of otlp is full"};
  sample.memory_used = 50 << 20;
  sample.memory_limit = 100 << 20;
  sample.receivers = {{.name = "otlp", .signal = "traces", .accepted = 3000, .refused = 1}};
  sample.pipelines = {{.id = "traces", .way = "otlp > out", .admitted = 3000}};
  sample.destinations = {{.name = "out",
                          .signal = "traces",
                          .sent = 2000,
                          .queue = 900,
                          .queue_capacity = 1000,
                          .in_flight = 1,
                          .is_breaker_open = true,
                          .oldest_age_s = 65,
                          .last_answer = "UNAVAILABLE: no"}};
  sample.refusals = {{.at_ms = 1000, .receiver = "otlp", .reason = "bad_path", .detail = "d\x1b"}};
  return sample;
}

std::string text_of(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(TopScreenTest, ThePictureHasEverything) {
  Sample before = busy();
  before.at_ms = 1000;
  before.receivers[0].accepted = 1000;
  const std::string text = text_of(picture(busy(), Rates(before, busy()), "", {}));
  for (const char* part :
       {"millrace 1.2  up 1 h 1 min, 2 workers, accepting", "50 MiB of 100 MiB",
        "! the queue of otlp is full", "otlp      traces  2.00k          0     3,000        1",
        "traces       0          0     3,000        0  otlp > out",
        "█████████░  90 %  1 min 5 s          1  breaker open  UNAVAILABLE: no",
        "1  otlp              bad_path  d\\u001b"}) {
    EXPECT_TRUE(text.contains(part)) << part << "\n" << text;
  }
}

TEST(TopScreenTest, AnOldPictureSaysSo) {
  const std::string text =
      text_of(picture(busy(), Rates(std::nullopt, busy()), "refused\nmore", {}));
  EXPECT_TRUE(text.contains("no answer: refused\n")) << text;
  EXPECT_TRUE(text.contains("otlp      traces     -          -")) << text;
}

TEST(TopScreenTest, BarsAreFilledInPart) {
  EXPECT_EQ(bar(0, 3), "░░░");
  EXPECT_EQ(bar(0.5, 4), "██░░");
  EXPECT_EQ(bar(7, 2), "██");
}

TEST(TopScreenTest, BeforeTheFirstSampleTheReasonIsShown) {
  EXPECT_EQ(waiting("http://a", "one\ntwo", {}),
            (Lines{"asking http://a ...   q end", "one", "two"}));
}

}  // namespace
}  // namespace millrace::top
