#include "segment_log/pending_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace millrace::segment_log {
namespace {

using ::testing::ElementsAre;

constexpr TargetId kA = 0;
constexpr TargetId kB = 1;
constexpr uint64_t kBitA = 1;
constexpr uint64_t kBitB = 2;
constexpr PendingRecords::CommitLimits kAll = {
    .takes_first = true, .room_bytes = 1'000'000, .enough_bytes = 1'000'000, .records_max = 1000};

PendingRecord record_of(RecordId id, uint64_t cost = 100, uint64_t taken = 0) {
  PendingRecord record;
  record.id = id;
  record.items = 1;
  record.cost = cost;
  record.wanted = kBitA | kBitB;
  record.taken = taken;
  return record;
}

PendingRecords records_from(RecordId first, size_t count) {
  PendingRecords pending;
  for (size_t i = 0; i < count; ++i) pending.push(record_of(first + i));
  return pending;
}

std::vector<RecordId> ids_of(const std::vector<const PendingRecord*>& batch) {
  std::vector<RecordId> ids;
  for (const PendingRecord* record : batch) ids.push_back(record->id);
  return ids;
}

TEST(PendingRecordsTest, TheSumsFollowTheRecords) {
  PendingRecords pending = records_from(10, 3);
  EXPECT_EQ(pending.bytes(), 300u);
  EXPECT_EQ(pending.untaken_count(kA), 3u);
  EXPECT_EQ(pending.begin_commit(kAll).size(), 3u);
  pending.push(record_of(13, 50, kBitA));
  EXPECT_EQ(pending.untaken_count(kA), 3u);
  EXPECT_EQ(pending.untaken_count(kB), 4u);
  EXPECT_EQ(pending.end_commit().size(), 3u);
  EXPECT_EQ(pending.bytes(), 50u);
  EXPECT_EQ(pending.untaken_count(kA), 0u);
  EXPECT_EQ(pending.untaken_count(kB), 1u);
}

TEST(PendingRecordsTest, RecordsAreFoundByIdAlsoWhileTheyAreCommitted) {
  PendingRecords pending = records_from(10, 2);
  static_cast<void>(pending.begin_commit({.takes_first = true}));
  EXPECT_EQ(pending.find(9), nullptr);
  EXPECT_EQ(pending.find(10)->id, 10u);
  EXPECT_EQ(pending.find(11)->id, 11u);
  EXPECT_EQ(pending.find(12), nullptr);
  EXPECT_EQ(pending.end_commit().size(), 1u);
  EXPECT_EQ(pending.find(10), nullptr);
  EXPECT_EQ(pending.find(11)->id, 11u);
}

TEST(PendingRecordsTest, ACommitTakesWhatItsLimitsAllow) {
  struct Case {
    PendingRecords::CommitLimits limits;
    size_t count;
  };
  // Five records of 100 bytes.
  const Case cases[] = {
      {{.takes_first = false, .room_bytes = 99, .enough_bytes = 1000, .records_max = 9}, 0},
      {{.takes_first = true, .room_bytes = 99, .enough_bytes = 1000, .records_max = 9}, 1},
      {{.takes_first = false, .room_bytes = 300, .enough_bytes = 1000, .records_max = 9}, 3},
      {{.takes_first = true, .room_bytes = 1000, .enough_bytes = 150, .records_max = 9}, 2},
      {{.takes_first = true, .room_bytes = 1000, .enough_bytes = 1000, .records_max = 4}, 4},
      {{.takes_first = false, .room_bytes = 1000, .enough_bytes = 1000, .records_max = 0}, 0},
      {{.takes_first = true, .room_bytes = 1000, .enough_bytes = 1000, .records_max = 9}, 5},
  };
  for (const auto& [limits, count] : cases) {
    PendingRecords pending = records_from(1, 5);
    EXPECT_EQ(pending.begin_commit(limits).size(), count);
    EXPECT_EQ(pending.waiting_count(), 5 - count);
  }
}

TEST(PendingRecordsTest, WhatIsPushedDuringACommitWaitsForTheNext) {
  PendingRecords pending = records_from(1, 2);
  const std::vector<const PendingRecord*> batch = pending.begin_commit(kAll);
  for (RecordId id = 3; id < 200; ++id) pending.push(record_of(id));
  EXPECT_THAT(ids_of(batch), ElementsAre(1, 2));  // where they were
  EXPECT_EQ(pending.waiting(0).id, 3u);
  EXPECT_EQ(pending.end_commit().size(), 2u);
  EXPECT_EQ(pending.begin_commit(kAll).front()->id, 3u);
}

TEST(PendingRecordsTest, FlagsChangeWhileARecordIsCommitted) {
  PendingRecords pending;
  pending.push(record_of(1, 100, kBitA));
  static_cast<void>(pending.begin_commit(kAll));
  pending.finish(*pending.find(1), kA);
  pending.drop(*pending.find(1), kB);
  EXPECT_EQ(pending.untaken_count(kB), 0u);
  EXPECT_EQ(pending.find_untaken(kBitA | kBitB), nullptr);
  const std::vector<PendingRecord> written = pending.end_commit();
  EXPECT_EQ(written.front().done, kBitA | kBitB);
  EXPECT_EQ(written.front().untaken(), 0u);
}

TEST(PendingRecordsTest, TheOldestUntakenRecordIsFoundForItsTargets) {
  PendingRecords pending;
  pending.push(record_of(1, 100, kBitA | kBitB));
  pending.push(record_of(2, 100, kBitA));
  pending.push(record_of(3));
  EXPECT_EQ(pending.find_untaken(kBitA)->id, 3u);
  EXPECT_EQ(pending.find_untaken(kBitA | kBitB)->id, 2u);
  pending.untake(*pending.find(1), kA);
  EXPECT_EQ(pending.find_untaken(kBitA)->id, 1u);
  EXPECT_EQ(pending.untaken_count(kA), 2u);
}

TEST(PendingRecordsTest, AllAreRemovedWhenTheDiskRefuses) {
  PendingRecords pending = records_from(1, 3);
  EXPECT_EQ(pending.remove_all().size(), 3u);
  EXPECT_EQ(pending.count(), 0u);
  EXPECT_EQ(pending.bytes(), 0u);
  EXPECT_EQ(pending.untaken_count(kA), 0u);
  pending.push(record_of(20));  // ids may be missing before the first
}

TEST(PendingRecordsDeathTest, BrokenInvariantsStop) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  PendingRecords pending = records_from(1, 2);
  EXPECT_DEATH(pending.push(record_of(4)), "record.id");
  EXPECT_DEATH(pending.finish(*pending.find(1), kA), "taken");
  EXPECT_DEATH(pending.untake(*pending.find(1), kA), "taken");
  pending.drop(*pending.find(1), kA);
  EXPECT_DEATH(pending.drop(*pending.find(1), kA), "untaken");
  static_cast<void>(pending.begin_commit({.takes_first = true}));
  EXPECT_DEATH(static_cast<void>(pending.begin_commit(kAll)), "committing_");
  EXPECT_DEATH(static_cast<void>(pending.remove_all()), "committing_");
}

}  // namespace
}  // namespace millrace::segment_log
