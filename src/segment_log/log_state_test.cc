// The state of a log without a disk: what callers and lanes do to it, and what it says.
#include "segment_log/log_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/sim/sim_executor.h"
#include "segment_log/log_fixture.h"

namespace millrace::segment_log {
namespace {

constexpr TargetId kA = 0;
constexpr TargetId kB = 1;
constexpr uint64_t kPayload = 50;
constexpr uint64_t kCost = 192;

IndexEntry entry_of_record() {
  IndexEntry entry;
  entry.position = 1;
  entry.payload_bytes = entry.body_bytes = kPayload;
  entry.items = 2;
  entry.admitted_bytes = kPayload;
  entry.targets = 3;
  return entry;
}

class State {
 public:
  explicit State(Options given = {}) : options(std::move(given)) {}

  RecordId append(uint64_t taken) {
    PendingRecord record;
    record.items = 2;
    record.admitted_bytes = kPayload;
    record.cost = kCost;
    record.admitted_at = kTestStart;
    record.bytes = Rope(Bytes::copy_of(std::string(kPayload, 'x')));
    record.wanted = 3;
    record.taken = taken;
    return state.append(std::move(record));
  }
  // Does the write lane's work: all pending records go into a new segment.
  SegmentRef commit(bool closes = true) {
    auto segment = std::make_shared<Segment>(SegmentName{state.next_segment_number(), 1}, 1);
    segment->begin(256, 4096);
    state.segments.begin(segment);
    static_cast<void>(state.pending.begin_commit({.takes_first = true,
                                                  .room_bytes = UINT64_MAX / 2,
                                                  .enough_bytes = UINT64_MAX / 2,
                                                  .records_max = 1000}));
    const std::vector<PendingRecord> records = state.pending.end_commit();
    for (const PendingRecord& record : records) state.move_to_segment(record, entry_of_record());
    state.segments.note_written(records.size() * kCost, 256 + records.size() * kCost);
    if (closes) state.segments.close_active(std::nullopt);
    return segment;
  }
  // The sums of the targets are those of all that holds something.
  void expect_sums() {
    for (const TargetId target : {kA, kB}) {
      uint64_t records = state.pending.untaken_count(target);
      for (const auto& [number, segment] : state.segments.by_number()) {
        records += segment->untaken(target).records;
      }
      EXPECT_EQ(state.untaken.of(target).records, records);
      EXPECT_EQ(untaken_records.of(target), records);
    }
  }

  const Options options;
  UntakenRecords untaken_records;
  UntoldLosses untold;
  io::sim::HandExecutor writes;
  io::sim::HandExecutor reads;
  LossCounter losses;
  Notices notices{untold};
  LogState state{options, untaken_records, writes, reads};
};

TEST(LogStateTest, ARecordGoesFromPendingToItsSegment) {
  State run;
  const RecordId first = run.append(1);
  const RecordId second = run.append(0);
  EXPECT_EQ(second, first + 1);
  EXPECT_EQ(run.state.untaken.of(kA), (Amount{1, 2, kPayload, kPayload}));
  EXPECT_EQ(run.state.used_bytes(), 2 * kCost);
  const SegmentRef segment = run.commit();
  EXPECT_EQ(run.state.pending.count(), 0u);
  EXPECT_EQ(run.state.segments.find(first), segment);
  EXPECT_TRUE(segment->is_taken(kA, first));
  EXPECT_EQ(segment->untaken(kB).records, 2u);
  run.expect_sums();
}

TEST(LogStateTest, AFinishWhilePendingIsWrittenWithTheNextCommit) {
  State run;
  const RecordId id = run.append(3);
  run.state.finish(kA, id, run.notices);
  run.state.finish(kB, id, run.notices);
  const SegmentRef segment = run.commit();
  EXPECT_TRUE(segment->is_finished());
  EXPECT_EQ(run.state.finished.size(), 2u);
}

TEST(LogStateTest, ARestGivenBackWhilePendingCountsInTheSegment) {
  State run;
  const RecordId id = run.append(3);
  run.state.give_back(kA, id, {1, 1, 20, 20}, run.notices);
  const SegmentRef segment = run.commit(false);
  EXPECT_EQ(segment->untaken(kA), (Amount{1, 1, 20, 20}));
  EXPECT_EQ(run.state.untaken.of(kA), (Amount{1, 1, 20, 20}));
  EXPECT_EQ(run.state.take(kA, *segment, 0).amount, (Amount{1, 1, 20, 20}));
  run.expect_sums();
}

TEST(LogStateTest, AFullLogDropsItsOldestSegmentOrRefuses) {
  for (const OnFull on_full : {OnFull::kDropOldest, OnFull::kRefuse}) {
    State run({.directory = "d", .bytes_max = 1500, .on_full = on_full});
    run.append(0);
    run.commit();
    run.append(1);
    run.commit();
    const Status room = run.state.make_room(900, run.notices);
    run.notices.tell(&run.losses);
    if (on_full == OnFull::kDropOldest) {
      EXPECT_TRUE(room);
      EXPECT_EQ(run.losses.lost[kA].records, 1u);
      EXPECT_EQ(run.state.segments.take_gone().size(), 1u);
    } else {
      EXPECT_EQ(room.error().code, Code::kResourceExhausted);
      EXPECT_EQ(run.state.refusal(), run.state.full_text());
      run.state.note_room(run.notices);
      EXPECT_EQ(run.state.refusal(), "");
    }
    run.expect_sums();
  }
}

TEST(LogStateTest, ATakenRecordOfADroppedSegmentIsLostForItsReason) {
  State run;
  const RecordId id = run.append(1);
  const SegmentRef segment = run.commit();
  run.append(0);
  run.commit();
  run.state.drop_segment(segment, Loss::kAgeExpired, run.notices);
  run.state.give_back(kA, id, {1, 2, kPayload, kPayload}, run.notices);
  run.notices.tell(&run.losses);
  EXPECT_EQ(run.losses.by_loss[Loss::kAgeExpired].records, 2u);  // of b, and then of a
  run.expect_sums();
}

TEST(LogStateTest, AFailedCommitLosesWhatNobodyHolds) {
  State run;
  run.append(1);
  run.state.lose_pending(run.state.pending.remove_all(), run.notices);
  run.notices.tell(&run.losses);
  EXPECT_EQ(run.losses.lost.count(kA), 0u);
  EXPECT_EQ(run.losses.lost[kB], (Amount{1, 2, kPayload, kPayload}));
  run.expect_sums();
}

TEST(LogStateTest, AnIndexThatLacksARecordLosesIt) {
  State run;
  const RecordId first = run.append(1);
  run.append(1);
  const SegmentRef segment = run.commit();
  segment->drop_index();
  run.state.install_index(segment, {first, {entry_of_record()}, 1}, run.notices);
  run.notices.tell(&run.losses);
  EXPECT_EQ(run.losses.lost[kB], (Amount{1, 2, kPayload, kPayload}));
  EXPECT_EQ(run.state.numbers.records_quarantined, 1u);
  run.expect_sums();
}

TEST(LogStateTest, AParkedTaskRunsOnTheReadLaneWhenItIsReleased) {
  State run;
  bool has_run = false;
  run.state.park([&has_run] { has_run = true; });
  EXPECT_EQ(run.reads.waiting_count(), 0u);
  run.state.release_parked();
  run.state.release_parked();
  EXPECT_EQ(run.reads.waiting_count(), 1u);
  run.reads.run_one();
  EXPECT_TRUE(has_run);
}

TEST(LogStateTest, RandomCallsKeepTheSums) {
  State run;
  Random random(7);
  std::vector<std::pair<TargetId, RecordId>> taken;
  for (int i = 0; i < 2000; ++i) {
    const uint64_t choice = random.below(6);
    if (choice < 2) {
      const uint64_t flags = random.below(4);
      const RecordId id = run.append(flags);
      if ((flags & 1) != 0) taken.emplace_back(kA, id);
      if ((flags & 2) != 0) taken.emplace_back(kB, id);
    } else if (choice == 2) {
      run.commit();
    } else if (choice == 3 && !run.state.segments.empty()) {
      const auto target = static_cast<TargetId>(random.below(2));
      const SegmentRef segment =
          run.state.segments.next_untaken(target, Order::kOldestFirst, kTestStart, {});
      if (segment == nullptr) continue;
      const std::vector<IndexEntry> index(segment->count(), entry_of_record());
      run.state.install_index(segment, {segment->first_id(), index, 0}, run.notices);
      const size_t ordinal = *segment->next_untaken(target, 0);
      taken.emplace_back(target, run.state.take(target, *segment, ordinal).id);
    } else if (!taken.empty()) {
      const auto [target, id] = taken[random.below(taken.size())];
      std::erase(taken, std::pair(target, id));
      if (choice == 4) {
        run.state.finish(target, id, run.notices);
      } else {
        run.state.give_back(target, id, {1, 1 + random.below(2), 10, 10}, run.notices);
      }
    }
    run.expect_sums();
  }
  run.notices.tell(&run.losses);
  EXPECT_TRUE(run.losses.lost.empty());
}

}  // namespace
}  // namespace millrace::segment_log
