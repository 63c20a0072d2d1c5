#include "segment_log/segment_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace::segment_log {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr WallTime kTime{1'700'000'000s};
constexpr uint64_t kBlock = 128;

IndexEntry entry_for(uint64_t targets) {
  return {.position = 1,
          .body_bytes = 10,
          .payload_bytes = 10,
          .items = 1,
          .admitted_bytes = 10,
          .targets = targets};
}

// A set as a log has it: segments that are begun, filled and closed one after the other.
class Filled {
 public:
  // A segment with `count` records for target 0, untaken.
  SegmentRef fill(size_t count) {
    auto segment = std::make_shared<Segment>(SegmentName{++number_, 1}, 1);
    segment->begin(kBlock, 4096);
    set.begin(segment);
    for (size_t i = 0; i < count; ++i) set.add_record(++id_, entry_for(1), kTime, 0, 0);
    set.note_written(count * kBlock, (count + 1) * kBlock);
    return segment;
  }
  SegmentRef fill_and_close(size_t count) {
    SegmentRef segment = fill(count);
    set.close_active(segment->data_bytes() + kBlock);
    return segment;
  }
  SegmentSet set;

 private:
  uint64_t number_ = 0;
  RecordId id_ = 0;
};

TEST(SegmentSetTest, BytesAreThoseOfAllSegments) {
  Filled filled;
  const SegmentRef first = filled.fill_and_close(3);
  EXPECT_EQ(filled.set.bytes(), 5 * kBlock);
  EXPECT_EQ(first->file_bytes(), 5 * kBlock);
  filled.fill(1);
  EXPECT_EQ(filled.set.bytes(), 7 * kBlock);
  EXPECT_EQ(filled.set.bytes_on_disk(), 5 * kBlock + 4096);
  filled.set.remove(first);
  EXPECT_EQ(filled.set.bytes(), 2 * kBlock);
}

TEST(SegmentSetTest, ARecordIsFoundInItsSegment) {
  Filled filled;
  const SegmentRef first = filled.fill_and_close(3);
  const SegmentRef empty = filled.fill_and_close(0);
  const SegmentRef last = filled.fill(2);
  EXPECT_EQ(filled.set.find(0), nullptr);
  EXPECT_EQ(filled.set.find(3), first);
  EXPECT_EQ(filled.set.find(4), last);
  EXPECT_EQ(filled.set.find(6), nullptr);
  filled.set.remove(first);
  EXPECT_EQ(filled.set.find(3), nullptr);
  EXPECT_FALSE(filled.set.contains(*first));
}

TEST(SegmentSetTest, TheLastSegmentStays) {
  Filled filled;
  const SegmentRef first = filled.fill_and_close(0);
  EXPECT_EQ(filled.set.oldest_removable(), nullptr);
  EXPECT_FALSE(filled.set.remove_if_finished(first));
  filled.fill_and_close(1);
  EXPECT_EQ(filled.set.oldest_removable(), first);
  EXPECT_TRUE(filled.set.remove_finished());
  EXPECT_EQ(filled.set.count(), 1u);
  EXPECT_FALSE(filled.set.remove_finished());
}

TEST(SegmentSetTest, FilesOfRemovedSegmentsAreGivenOutOnceUnlessTheyComeBack) {
  Filled filled;
  filled.fill_and_close(1);
  filled.fill_and_close(1);
  filled.set.remove(filled.set.oldest_removable());
  EXPECT_THAT(filled.set.take_gone(), ElementsAre(SegmentName{1, 1}));
  EXPECT_THAT(filled.set.take_gone(), IsEmpty());
  filled.set.put_back_gone({{1, 1}});
  EXPECT_THAT(filled.set.take_gone(), ElementsAre(SegmentName{1, 1}));
}

TEST(SegmentSetTest, UntakenRecordsAreFoundInBothOrders) {
  Filled filled;
  const SegmentRef first = filled.fill_and_close(1);
  const SegmentRef second = filled.fill_and_close(1);
  const SegmentRef third = filled.fill(1);
  EXPECT_EQ(filled.set.next_untaken(0, Order::kOldestFirst, kTime, {}), first);
  EXPECT_EQ(filled.set.next_untaken(0, Order::kNewestFirst, kTime, {}), third);
  EXPECT_EQ(filled.set.next_untaken(0, Order::kOldestFirst, kTime, {1}), second);
  EXPECT_EQ(filled.set.next_untaken(1, Order::kOldestFirst, kTime, {}), nullptr);
  first->backoff().note_failure(kTime);
  EXPECT_EQ(filled.set.next_untaken(0, Order::kOldestFirst, kTime, {}), second);
  EXPECT_FALSE(filled.set.may_be_read_again(kTime));
  EXPECT_TRUE(filled.set.may_be_read_again(kTime + 1s));
  EXPECT_EQ(filled.set.next_untaken(0, Order::kOldestFirst, kTime + 1s, {}), first);
}

TEST(SegmentSetTest, FewIndexesOfClosedSegmentsStayInMemory) {
  Filled filled;
  std::vector<SegmentRef> segments;
  for (size_t i = 0; i <= SegmentSet::kIndexesMax; ++i) {
    segments.push_back(filled.fill_and_close(1));
    segments.back()->install_index(segments.back()->first_id(), {entry_for(1)},
                                   [](TargetId, RecordId) { return std::optional<Amount>(); });
  }
  for (size_t i = 0; i < SegmentSet::kIndexesMax; ++i) filled.set.keep_index(segments[i]);
  filled.set.keep_index(segments[0]);  // used again
  filled.set.keep_index(segments[SegmentSet::kIndexesMax]);
  EXPECT_TRUE(segments[0]->has_index());
  EXPECT_FALSE(segments[1]->has_index());
  filled.set.remove(segments[0]);
  filled.set.keep_index(segments[1]);
  EXPECT_TRUE(segments[2]->has_index());
}

TEST(SegmentSetDeathTest, BrokenInvariantsStop) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Filled filled;
  const SegmentRef active = filled.fill(1);
  EXPECT_DEATH(filled.set.remove(active), "is_closed");
  EXPECT_DEATH(filled.fill(1), "active_");
  filled.set.close_active(std::nullopt);
  EXPECT_DEATH(filled.set.remove(active), "last");
  EXPECT_DEATH(filled.set.add_recovered(active), "number");
  EXPECT_DEATH(static_cast<void>(filled.set.close_active(std::nullopt)), "active_");
}

}  // namespace
}  // namespace millrace::segment_log
