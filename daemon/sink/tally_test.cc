#include "daemon/sink/tally.h"

#include <gtest/gtest.h>

#include "daemon/generate/content.h"

namespace millrace::load {
namespace {

constexpr WallTime kTime{Duration(1'760'000'000'000'000'000)};

Bytes request_of(Signal signal, uint64_t first_sequence) {
  ChunkRef reuse;
  return make_payload_template(signal, PayloadFormat::kProtobuf, 10, 1)
      .make_request(1, first_sequence, kTime, reuse);
}

TEST(TallyTest, CompleteNumbersAreExact) {
  Tally tally(IdCheck::kOn);
  EXPECT_EQ(tally.add(Signal::kTraces, request_of(Signal::kTraces, 10).view(), kTime + 7ns), 10u);
  EXPECT_FALSE(tally.is_exactly(10));  // 0 to 9 are missing
  EXPECT_EQ(tally.add(Signal::kTraces, request_of(Signal::kTraces, 0).view(), kTime + 7ns), 10u);
  EXPECT_TRUE(tally.is_exactly(20));
  EXPECT_EQ(tally.latency().count(), 20u);
  EXPECT_EQ(tally.latency().max(), 7ns);
}

TEST(TallyTest, RepetitionIsNotExact) {
  Tally tally(IdCheck::kOn);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(tally.add(Signal::kTraces, request_of(Signal::kTraces, 0).view(), kTime));
  }
  EXPECT_FALSE(tally.is_exactly(20));
  EXPECT_FALSE(tally.is_exactly(10));
  EXPECT_EQ(tally.distinct_count(), 10u);
}

TEST(TallyTest, AcknowledgedItemsThatDidNotArriveAreLost) {
  Tally tally(IdCheck::kOn);
  ASSERT_TRUE(tally.add(Signal::kTraces, request_of(Signal::kTraces, 10).view(), kTime));
  ASSERT_TRUE(tally.add(Signal::kTraces, request_of(Signal::kTraces, 90).view(), kTime + 2s));
  tally.check_acknowledged({1, 10}, 10);
  EXPECT_EQ(tally.lost_count(), 0u);
  tally.check_acknowledged({1, 95}, 10);
  EXPECT_EQ(tally.lost_count(), 5u);
  tally.check_acknowledged({2, 10}, 10);  // of another generator
  EXPECT_EQ(tally.lost_count(), 15u);
  EXPECT_NE(tally.to_json(0).find(R"("acknowledged":30,"lost":15,"active_seconds":2.0)"),
            std::string::npos)
      << tally.to_json(0);
}

TEST(TallyTest, MalformedRequestIsCounted) {
  Tally tally(IdCheck::kOff);
  const Bytes request = request_of(Signal::kLogs, 0);
  EXPECT_FALSE(tally.add(Signal::kLogs, request.view().first(100), kTime).has_value());
  EXPECT_FALSE(tally.is_exactly(0));
  EXPECT_NE(tally.to_text().find("1 malformed"), std::string::npos);
}

TEST(TallyTest, ProgressShowsNewItems) {
  Tally tally(IdCheck::kOff);
  EXPECT_EQ(tally.progress_line(1s), "nothing yet\n");
  ASSERT_TRUE(tally.add(Signal::kLogs, request_of(Signal::kLogs, 0).view(), kTime));
  EXPECT_EQ(tally.progress_line(2s), "log_records 5/s (total 10)\n");
  EXPECT_EQ(tally.progress_line(2s), "log_records 0/s (total 10)\n");
}

TEST(TallyTest, JsonHasEveryFigure) {
  Tally tally(IdCheck::kOn);
  ASSERT_TRUE(tally.add(Signal::kTraces, request_of(Signal::kTraces, 0).view(), kTime + 2ms));
  const std::string json = tally.to_json(0.5);
  for (const char* part : {R"("spans":10)", R"("items":10)", R"("unique":10)", R"("missing":0)",
                           R"("cpu_seconds":0.5)", R"("p99":2.0000)"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
  }
}

}  // namespace
}  // namespace millrace::load
