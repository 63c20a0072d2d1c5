#include "segment_log/segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::segment_log {
namespace {

using ::testing::ElementsAre;

constexpr TargetId kA = 0;
constexpr TargetId kB = 5;
constexpr uint64_t kBitA = uint64_t{1} << kA;
constexpr uint64_t kBitB = uint64_t{1} << kB;
constexpr RecordId kFirst = 100;
constexpr WallTime kTime{1'700'000'000s};

IndexEntry entry_for(uint64_t targets, uint32_t items = 2) {
  return {.position = 1,
          .body_bytes = 10,
          .payload_bytes = 10,
          .items = items,
          .admitted_bytes = 20,
          .targets = targets};
}

// `count` records of two items that both targets want, untaken.
Segment segment_of(size_t count) {
  Segment segment({1, 7}, 7);
  segment.begin(128, 4096);
  for (size_t i = 0; i < count; ++i) {
    segment.add(kFirst + i, entry_for(kBitA | kBitB), kTime, 0, 0);
  }
  return segment;
}

Amount untaken_of(uint64_t records) { return {records, 2 * records, 20 * records, 10 * records}; }

Segment::RestOf no_rests() {
  return [](TargetId, RecordId) { return std::optional<Amount>(); };
}

TEST(SegmentTest, ARecordIsUntakenTakenAndFinishedForEachTargetAlone) {
  Segment segment = segment_of(2);
  segment.take(kA, 0, untaken_of(1));
  EXPECT_EQ(segment.untaken(kA), untaken_of(1));
  EXPECT_EQ(segment.untaken(kB), untaken_of(2));
  EXPECT_TRUE(segment.is_taken(kA, kFirst));
  EXPECT_FALSE(segment.is_taken(kB, kFirst));
  EXPECT_TRUE(segment.finish(kA, kFirst));
  EXPECT_FALSE(segment.finish(kA, kFirst));
  EXPECT_FALSE(segment.has_taken());
  EXPECT_FALSE(segment.is_finished());
  EXPECT_EQ(segment.open_records(), 2u);
  EXPECT_THAT(segment.done_ranges(kA), ElementsAre(DoneRange{kFirst, 1, kA}));
}

TEST(SegmentTest, ARecordThatIsGivenBackCountsWhatIsStillOwed) {
  Segment segment = segment_of(1);
  segment.take(kA, 0, untaken_of(1));
  EXPECT_EQ(segment.untaken(kA), Amount{});
  segment.untake(kA, 0, {1, 1, 10, 5});
  EXPECT_EQ(segment.untaken(kA), (Amount{1, 1, 10, 5}));
  EXPECT_EQ(segment.next_untaken(kA, 0), 0u);
}

TEST(SegmentTest, UntakenRecordsAreFoundInBothDirections) {
  Segment segment = segment_of(5);
  for (const size_t ordinal : {0, 1, 3}) segment.take(kA, ordinal, untaken_of(1));
  EXPECT_EQ(segment.next_untaken(kA, 0), 2u);
  EXPECT_EQ(segment.next_untaken(kA, 3), 4u);
  EXPECT_EQ(segment.previous_untaken(kA, 5), 4u);
  EXPECT_EQ(segment.previous_untaken(kA, 4), 2u);
  EXPECT_EQ(segment.previous_untaken(kA, 2), std::nullopt);
  EXPECT_EQ(segment.next_untaken(kB, 0), 0u);
  EXPECT_EQ(segment.next_untaken(9, 0), std::nullopt);
}

TEST(SegmentTest, FinishingWhatIsUntakenLeavesWhatIsTaken) {
  Segment segment = segment_of(4);
  segment.take(kA, 1, untaken_of(1));
  EXPECT_THAT(segment.finish_untaken(kA),
              ElementsAre(DoneRange{kFirst, 1, kA}, DoneRange{kFirst + 2, 2, kA}));
  EXPECT_EQ(segment.untaken(kA), Amount{});
  EXPECT_TRUE(segment.has_taken());
  EXPECT_TRUE(segment.finish(kA, kFirst + 1));
  EXPECT_THAT(segment.finish_untaken(kB), ElementsAre(DoneRange{kFirst, 4, kB}));
  EXPECT_TRUE(segment.is_finished());
}

TEST(SegmentTest, ASummaryIsRefinedByTheIndexAndDoneRanges) {
  Segment segment({1, 7}, 7);
  BlockHeader header;
  header.id = kFirst;
  header.admitted_bytes = 3;
  segment.take_summary(header, {{.target = {kA, {}}, .wanted = untaken_of(3)}});
  segment.close();
  EXPECT_EQ(segment.untaken(kA), untaken_of(3));
  EXPECT_EQ(segment.open_records(), 3u);
  const std::vector<IndexEntry> index(3, entry_for(kBitA));
  EXPECT_TRUE(segment.install_index(kFirst, index, no_rests()).empty());
  segment.mark_done({kFirst + 1, 1, kA});
  EXPECT_EQ(segment.untaken(kA), untaken_of(2));
  segment.mark_done({0, UINT32_MAX, kA});
  EXPECT_TRUE(segment.is_finished());
}

TEST(SegmentTest, AnIndexWithoutARecordCorrectsTheSum) {
  Segment segment({1, 7}, 7);
  BlockHeader header;
  header.id = kFirst;
  header.admitted_bytes = 3;
  segment.take_summary(header, {{.target = {kA, {}}, .wanted = untaken_of(3)}});
  segment.close();
  std::vector<IndexEntry> index(3, entry_for(kBitA));
  index[1].position = 0;
  const auto corrections = segment.install_index(kFirst, index, no_rests());
  ASSERT_EQ(corrections.size(), 1u);
  EXPECT_EQ(corrections[0].before, untaken_of(3));
  EXPECT_EQ(corrections[0].now, untaken_of(2));
  EXPECT_EQ(segment.untaken(kA), untaken_of(2));
  EXPECT_EQ(segment.next_untaken(kA, 1), 2u);
}

TEST(SegmentTest, AnIndexCanBeDroppedAndInstalledAgain) {
  Segment segment = segment_of(3);
  const std::vector<IndexEntry> index = segment.index();
  segment.take(kA, 0, untaken_of(1));
  segment.close();
  segment.drop_index();
  EXPECT_FALSE(segment.has_index());
  EXPECT_TRUE(segment.install_index(kFirst, index, no_rests()).empty());
  EXPECT_EQ(segment.untaken(kA), untaken_of(2));
  EXPECT_EQ(segment.next_untaken(kA, 0), 1u);
}

TEST(SegmentDeathTest, StatesThatMayNotBeLeftStop) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Segment segment = segment_of(1);
  EXPECT_DEATH(segment.untake(kA, 0, {}), "taken");
  segment.take(kA, 0, untaken_of(1));
  EXPECT_DEATH(segment.take(kA, 0, untaken_of(1)), "is_untaken");
  EXPECT_DEATH(segment.add(kFirst, entry_for(kBitA), kTime, 0, 0), "end_id");
  EXPECT_DEATH(segment.set_extent(4097, 4096), "file_bytes");
}

TEST(ReadBackoffTest, PausesForASecondAndEndsAfterTenFailuresInARow) {
  ReadBackoff backoff;
  WallTime now = kTime;
  EXPECT_FALSE(backoff.is_pausing(now));
  for (uint32_t i = 0; i < ReadBackoff::kFailuresMax; ++i) {
    EXPECT_FALSE(backoff.is_exhausted());
    backoff.note_failure(now);
    EXPECT_TRUE(backoff.is_pausing(now + 999ms));
    now += 1s;
    EXPECT_FALSE(backoff.is_pausing(now));
  }
  EXPECT_TRUE(backoff.is_exhausted());
  backoff.note_success();
  EXPECT_FALSE(backoff.is_exhausted() || backoff.has_failed());
}

TEST(ReadBackoffTest, AClockThatIsSetBackDoesNotPauseLonger) {
  ReadBackoff backoff;
  backoff.note_failure(kTime);
  EXPECT_FALSE(backoff.is_pausing(kTime - 1h));
}

}  // namespace
}  // namespace millrace::segment_log
