// The small parts of LogState, one by one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "io/sim/sim_executor.h"
#include "segment_log/caps.h"
#include "segment_log/finished_ranges.h"
#include "segment_log/lost_ranges.h"
#include "segment_log/notices.h"
#include "segment_log/remainders.h"
#include "segment_log/target_table.h"
#include "segment_log/trouble.h"
#include "segment_log/untaken_sums.h"
#include "segment_log/write_requests.h"

namespace millrace::segment_log {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr WallTime kTime{1'700'000'000s};

TEST(UntakenSumsTest, TheNumberOfRecordsIsKnownWithoutTheLock) {
  UntakenRecords records;
  UntakenSums sums(records);
  sums.add(3, {2, 20, 200, 100});
  sums.add(5, {1, 1, 1, 7});
  sums.remove(3, {1, 5, 50, 60});
  EXPECT_EQ(sums.of(3), (Amount{1, 15, 150, 40}));
  EXPECT_EQ(records.of(3), 1u);
  EXPECT_EQ(records.of(4), 0u);
  EXPECT_EQ(sums.payload_bytes(1 << 3 | 1 << 4 | 1 << 5), 47u);
}

TEST(UntakenSumsDeathTest, ASumDoesNotGoBelowZero) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  UntakenRecords records;
  UntakenSums sums(records);
  sums.add(3, {1, 10, 100, 100});
  EXPECT_DEATH(sums.remove(3, {2, 0, 0, 0}), "records");
  EXPECT_DEATH(sums.remove(3, {1, 11, 0, 0}), "items");
  EXPECT_DEATH(sums.remove(3, {1, 10, 100, 101}), "payload_bytes");
}

TEST(RemaindersTest, ARecordCountsAsAWholeUnlessARestIsKnown) {
  Remainders remainders;
  const Amount whole{1, 10, 100, 100};
  const Amount rest{1, 4, 40, 40};
  remainders.set(1, 7, rest);
  EXPECT_EQ(remainders.of(1, 7, whole), rest);
  EXPECT_EQ(remainders.of(2, 7, whole), whole);
  EXPECT_EQ(remainders.of(1, 8, whole), whole);
  remainders.remove(1, 7);
  EXPECT_EQ(remainders.find(1, 7), std::nullopt);
}

TEST(RemaindersTest, RangesAreRemovedForOneTargetOrForAll) {
  Remainders remainders;
  for (const TargetId target : {1, 2}) {
    for (RecordId id = 5; id < 9; ++id) remainders.set(target, id, {1, 1, 1, 1});
  }
  remainders.remove(1, RecordRange{6, 8});
  EXPECT_TRUE(remainders.find(1, 5) && remainders.find(1, 8));
  EXPECT_FALSE(remainders.find(1, 6) || remainders.find(1, 7));
  EXPECT_EQ(remainders.size(), 6u);
  remainders.remove(RecordRange{8, 9});
  EXPECT_EQ(remainders.size(), 4u);
}

TEST(FinishedRangesTest, NeighboursAreJoinedAndWhatIsGoneIsLeftOut) {
  FinishedRanges finished;
  for (const DoneRange& range : {DoneRange{9, 1, 2}, DoneRange{4, 2, 1}, DoneRange{6, 1, 1},
                                 DoneRange{20, 1, 1}, DoneRange{8, 1, 1}}) {
    finished.add(range);
  }
  EXPECT_EQ(finished.size(), 5u);
  EXPECT_THAT(finished.take([](RecordId id) { return id == 20; }),
              ElementsAre(DoneRange{4, 3, 1}, DoneRange{8, 1, 1}, DoneRange{9, 1, 2}));
  EXPECT_TRUE(finished.empty());
}

TEST(LostRangesTest, TheReasonIsThatOfTheRange) {
  LostRanges lost;
  lost.add({10, 20}, Loss::kDropOldest);
  lost.add({20, 30}, Loss::kAgeExpired);
  EXPECT_EQ(lost.reason_of(9), Loss::kStorageFailed);
  EXPECT_EQ(lost.reason_of(10), Loss::kDropOldest);
  EXPECT_EQ(lost.reason_of(19), Loss::kDropOldest);
  EXPECT_EQ(lost.reason_of(20), Loss::kAgeExpired);
  EXPECT_EQ(lost.reason_of(30), Loss::kStorageFailed);
}

TEST(LostRangesTest, TheOldestIsForgottenWhenThereAreTooMany) {
  LostRanges lost;
  for (RecordId i = 0; i <= LostRanges::kRangesMax; ++i) lost.add({i, i + 1}, Loss::kDropOldest);
  EXPECT_EQ(lost.reason_of(0), Loss::kStorageFailed);
  EXPECT_EQ(lost.reason_of(1), Loss::kDropOldest);
}

class Listener final : public Observer {
 public:
  explicit Listener(const UntoldLosses& untold) : untold_(untold) {}
  void on_lost(TargetId target, Loss, Amount, RecordRange) override {
    heard.push_back(target);
    EXPECT_FALSE(untold_.empty());
  }
  void on_room() override { ++rooms; }
  std::vector<TargetId> heard;
  int rooms = 0;

 private:
  const UntoldLosses& untold_;
};

TEST(NoticesTest, LossesAreUntoldUntilTheObserverHasHeard) {
  UntoldLosses untold;
  Listener listener(untold);
  Notices notices(untold);
  notices.add_loss({.target = 4});
  notices.add_loss({.target = 2});
  notices.add_room();
  EXPECT_FALSE(untold.empty());
  notices.tell(&listener);
  EXPECT_TRUE(untold.empty());
  EXPECT_THAT(listener.heard, ElementsAre(4, 2));
  notices.tell(&listener);
  EXPECT_EQ(listener.heard.size(), 2u);
  EXPECT_EQ(listener.rooms, 1);
}

TEST(TargetTableTest, ANameKeepsItsTargetAndNewOnesTakeTheFirstFree) {
  TargetTable table;
  table.adopt({{1, {Signal::kTraces, "traces", "a"}}});
  EXPECT_FALSE(table.is_asked(1));
  EXPECT_EQ(table.ask({Signal::kLogs, "traces", "a"}), TargetId{0});
  EXPECT_EQ(table.ask({Signal::kTraces, "traces", "b"}), TargetId{2});
  EXPECT_EQ(table.ask({Signal::kTraces, "traces", "a"}), TargetId{1});
  EXPECT_TRUE(table.is_asked(1));
  EXPECT_EQ(table.table().size(), 3u);
}

TEST(TargetTableTest, ThereIsAMostOfTargets) {
  TargetTable table;
  for (size_t i = 0; i < kTargetsMax; ++i) {
    EXPECT_EQ(table.ask({Signal::kTraces, "traces", std::to_string(i)}), TargetId(i));
  }
  EXPECT_EQ(table.ask({Signal::kTraces, "traces", "one more"}), std::nullopt);
}

TEST(TroubleTest, ARefusalIsNewOnceAndProbedOnceASecond) {
  Trouble trouble;
  EXPECT_TRUE(trouble.refuse_writes({Code::kUnavailable, "full"}, kTime));
  EXPECT_FALSE(trouble.refuse_writes({Code::kUnavailable, "still full"}, kTime));
  EXPECT_EQ(trouble.write_error()->message, "still full");
  EXPECT_FALSE(trouble.try_begin_probe(kTime + 999ms));
  EXPECT_TRUE(trouble.try_begin_probe(kTime + 1s));
  EXPECT_FALSE(trouble.try_begin_probe(kTime + 1s));
  EXPECT_TRUE(trouble.try_begin_probe(kTime - 1h));  // the clock was set back
  trouble.end_refusal();
  EXPECT_FALSE(trouble.write_error());
}

TEST(WriteRequestsTest, OneTaskIsOnItsWayAtATime) {
  io::sim::HandExecutor lane;
  WriteRequests requests(lane);
  int runs = 0;
  requests.set_task([&] {
    ++runs;
    requests.begin_task();
  });
  requests.schedule();
  requests.schedule_check();
  EXPECT_EQ(lane.waiting_count(), 1u);
  lane.run_one();
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(requests.take_check());
  EXPECT_FALSE(requests.take_check() || requests.take_new_segment());
  requests.schedule_new_segment();
  EXPECT_EQ(lane.waiting_count(), 1u);
  EXPECT_TRUE(requests.take_new_segment());
  lane.run_one();
  requests.stop();
  requests.schedule();
  EXPECT_EQ(lane.waiting_count(), 0u);
}

TEST(CapsTest, ATaskIsScheduledOnceForACapThatIsPassed) {
  io::sim::HandExecutor lane;
  UntakenRecords records;
  UntakenSums sums(records);
  Caps caps(lane);
  std::vector<size_t> kept;
  caps.set_task([&](size_t at) {
    kept.push_back(at);
    caps.begin_task(at);
  });
  caps.set(1, {.payload_bytes_max = 0});
  caps.set(2 | 4, {.payload_bytes_max = 100});
  sums.add(0, {1, 1, 1, 1000});
  sums.add(1, {1, 1, 1, 60});
  caps.schedule(0, sums);
  caps.schedule(1, sums);
  EXPECT_EQ(lane.waiting_count(), 0u);
  sums.add(2, {1, 1, 1, 60});
  EXPECT_EQ(Caps::excess(caps.entries()[1], sums), 20u);
  caps.schedule(1, sums);
  caps.schedule(2, sums);
  EXPECT_EQ(lane.waiting_count(), 1u);
  lane.run_one();
  EXPECT_THAT(kept, ElementsAre(1));
  caps.schedule(2, sums);
  EXPECT_EQ(lane.waiting_count(), 1u);
}

TEST(CapsTest, ANewCapReplacesThoseOfItsTargets) {
  io::sim::HandExecutor lane;
  Caps caps(lane);
  caps.set(1 | 2, {.payload_bytes_max = 1});
  caps.set(2 | 4, {.payload_bytes_max = 2});
  ASSERT_EQ(caps.entries().size(), 1u);
  EXPECT_EQ(caps.entries()[0].cap.payload_bytes_max, 2u);
}

}  // namespace
}  // namespace millrace::segment_log
