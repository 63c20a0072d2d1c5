#include "segment_log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "segment_log/format.h"
#include "segment_log/log_fixture.h"

namespace millrace::segment_log {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(LogTest, AnswersOnlyAfterTheSync) {
  io::sim::SimDisk disk(1);
  TestLog run(disk);
  const TargetId target = run.target("a");
  const RecordId id = run.append("payload", {{target, true}}).value();
  EXPECT_TRUE(run.answers.empty());
  run.run();
  EXPECT_TRUE(run.answers.at(id));
  EXPECT_EQ(run.log->numbers().commits, 1u);
}

TEST(LogTest, WhatIsAppendedMeanwhileIsOneCommit) {
  io::sim::SimDisk disk(1);
  TestLog run(disk);
  const TargetId target = run.target("a");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(run.append("payload", {{target, true}}));
  run.run();
  EXPECT_EQ(run.answers.size(), 20u);
  EXPECT_EQ(run.log->numbers().commits, 1u);
}

TEST(LogTest, UnfinishedRecordsComeAgainAfterAPowerCut) {
  io::sim::SimDisk disk(1);
  Random random(1);
  {
    TestLog run(disk);
    const TargetId target = run.target("a");
    ASSERT_TRUE(run.append("one", {{target, true}}, 3));
    ASSERT_TRUE(run.append("two", {{target, false}}, 4));
    run.run();
    run.kill();
  }
  disk.crash(random);
  TestLog run(disk);
  EXPECT_EQ(run.log->numbers().records_recovered, 2u);
  const TargetId target = run.target("a");
  EXPECT_EQ(run.log->untaken(target), (Amount{2, 7, 6, 6}));
  EXPECT_THAT(run.take_texts(target), ElementsAre("one", "two"));
  EXPECT_EQ(run.log->untaken(target), Amount());
}

TEST(LogTest, FinishedRecordsDoNotComeAgainAfterClosing) {
  io::sim::SimDisk disk(1);
  {
    TestLog run(disk);
    const TargetId target = run.target("a");
    const RecordId one = run.append("one", {{target, true}}).value();
    ASSERT_TRUE(run.append("two", {{target, true}}));
    run.run();
    run.log->finish(target, one);
    ASSERT_TRUE(run.close());
  }
  TestLog run(disk);
  EXPECT_THAT(run.take_texts(run.target("a")), ElementsAre("two"));
}

TEST(LogTest, ARecordIsWrittenOnceForAllItsTargets) {
  io::sim::SimDisk disk(1);
  TestLog run(disk);
  const TargetId a = run.target("a");
  const TargetId b = run.target("b");
  ASSERT_TRUE(run.append("shared", {{a, false}, {b, false}}));
  run.run();
  EXPECT_EQ(run.log->numbers().records_written, 1u);
  EXPECT_THAT(run.take_texts(a), ElementsAre("shared"));
  EXPECT_THAT(run.take_texts(b), ElementsAre("shared"));
  EXPECT_THAT(run.take_texts(a), IsEmpty());
}

TEST(LogTest, AllOfARecordComesBack) {
  io::sim::SimDisk disk(1);
  {
    TestLog run(disk);
    auto metadata = std::make_shared<Metadata>();
    metadata->client_address = "10.0.0.1:5";
    metadata->entries = {{"x-tenant", "blue"}, {"x-tenant", "green"}, {"empty", ""}};
    ASSERT_TRUE(run.append("payload", {{run.target("a"), false}}, 12, metadata));
    ASSERT_TRUE(run.close());
  }
  TestLog run(disk);
  const std::vector<Record> records = run.take(run.target("a"));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].item_count, 12u);
  EXPECT_EQ(records[0].admitted_bytes, 7u);
  EXPECT_EQ(records[0].admitted_at, kTestStart);
  EXPECT_EQ(records[0].bytes.text(), "payload");
  ASSERT_NE(records[0].metadata, nullptr);
  EXPECT_EQ(records[0].metadata->client_address, "10.0.0.1:5");
  EXPECT_EQ(
      records[0].metadata->entries,
      (std::vector<MetadataEntry>{{"x-tenant", "blue"}, {"x-tenant", "green"}, {"empty", ""}}));
}

TEST(LogTest, AnUntakenRecordCountsAsWhatIsLeftOfIt) {
  io::sim::SimDisk disk(1);
  TestLog run(disk);
  const TargetId target = run.target("a");
  const RecordId id = run.append("payload", {{target, true}}, 10).value();
  run.run();
  run.log->untake(target, id, {1, 4, 3, 7});
  EXPECT_EQ(run.log->untaken(target), (Amount{1, 4, 3, 7}));
  EXPECT_THAT(run.take_texts(target), ElementsAre("payload"));
  EXPECT_EQ(run.log->untaken(target), Amount());
}

TEST(LogTest, TakesInEitherOrderWithinTheLimit) {
  io::sim::SimDisk disk(1);
  TestLog run(disk, {.segment_bytes = 4096});
  const TargetId target = run.target("a");
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(run.append(std::to_string(i) + std::string(500, 'x'), {{target, false}}));
    run.run();
  }
  EXPECT_GT(run.log->numbers().segments, 3u);
  const auto number_of = [](const std::string& text) { return text.substr(0, text.find('x')); };
  std::vector<std::string> newest = run.take_texts(target, 1200, Order::kNewestFirst);
  ASSERT_EQ(newest.size(), 2u);
  EXPECT_EQ(number_of(newest[0]), "29");
  EXPECT_EQ(number_of(newest[1]), "28");
  for (int i = 0; i < 28; ++i) {
    const std::vector<std::string> next = run.take_texts(target, 1);
    ASSERT_EQ(next.size(), 1u);
    EXPECT_EQ(number_of(next[0]), std::to_string(i));
  }
  EXPECT_THAT(run.take_texts(target), IsEmpty());
}

TEST(LogTest, FinishedSegmentsAreRemoved) {
  io::sim::SimDisk disk(1);
  TestLog run(disk, {.segment_bytes = 4096});
  const TargetId target = run.target("a");
  std::vector<RecordId> ids;
  for (int i = 0; i < 40; ++i) {
    ids.push_back(run.append(std::string(700, 'x'), {{target, true}}).value());
    run.run();
  }
  EXPECT_GT(segments_on(disk).size(), 5u);
  for (const RecordId id : ids) run.log->finish(target, id);
  run.run();
  EXPECT_EQ(segments_on(disk).size(), 1u);
  EXPECT_EQ(run.log->numbers().segments, 1u);
}

TEST(LogTest, WhatIsDoneIsKnownAlsoWhenTheSegmentThatSaysSoIsGone) {
  io::sim::SimDisk disk(1);
  Random random(3);
  {
    TestLog run(disk, {.segment_bytes = 4096});
    const TargetId a = run.target("a");
    const RecordId done = run.append("done", {{a, true}}).value();
    ASSERT_TRUE(run.append("open", {{a, true}}));
    run.run();
    run.log->finish(a, done);
    for (int i = 0; i < 40; ++i) {
      const RecordId id = run.append(std::string(700, 'x'), {{a, true}}).value();
      run.run();
      run.log->finish(a, id);
    }
    run.log->tick();
    run.run();
    EXPECT_EQ(segments_on(disk).size(), 2u);
    run.kill();
  }
  disk.restart();
  TestLog run(disk, {.segment_bytes = 4096});
  EXPECT_THAT(run.take_texts(run.target("a")), ElementsAre("open"));
}

TEST(LogTest, RefusesWhatPassesItsLimit) {
  io::sim::SimDisk disk(1);
  TestLog run(disk, {.bytes_max = 64 * 1024});
  const TargetId target = run.target("a");
  std::vector<RecordId> ids;
  Result<RecordId> last = fail(Code::kUnknown, "");
  while ((last = run.append(std::string(1000, 'x'), {{target, true}}))) {
    ids.push_back(*last);
    run.run();
    ASSERT_LT(ids.size(), 100u);
  }
  EXPECT_EQ(last.error().code, Code::kResourceExhausted);
  EXPECT_THAT(run.log->trouble(), HasSubstr("is full"));
  EXPECT_GT(ids.size(), 40u);
  EXPECT_LE(disk.used_bytes(), 70u * 1024);
  for (const RecordId id : ids) run.log->finish(target, id);
  run.run();
  EXPECT_GE(run.losses.rooms, 1);
  EXPECT_EQ(run.log->trouble(), "");
  EXPECT_TRUE(run.append("again", {{target, true}}));
}

TEST(LogTest, DropsTheOldestAndTellsWhatWasUntaken) {
  io::sim::SimDisk disk(1);
  TestLog run(disk, {.bytes_max = 64 * 1024, .on_full = OnFull::kDropOldest});
  const TargetId target = run.target("a");
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(run.append(payload_of(static_cast<size_t>(i), 1000), {{target, false}}));
    run.run();
    ASSERT_LE(disk.used_bytes(), 70u * 1024);
  }
  const Amount lost = run.losses.by_loss.at(Loss::kDropOldest);
  EXPECT_EQ(lost.records + run.log->untaken(target).records, 200u);
  EXPECT_EQ(run.take_texts(target).size(), 200 - lost.records);
}

TEST(LogTest, OldSegmentsExpire) {
  io::sim::SimDisk disk(1);
  WallTime clock = kTestStart;
  TestLog run(disk, {.segment_bytes = 4096, .age_max = 1h}, &clock);
  const TargetId target = run.target("a");
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(run.append(std::string(700, 'x'), {{target, false}}));
    run.run();
  }
  run.log->tick();
  EXPECT_TRUE(run.losses.lost.empty());
  clock += 2h;
  for (int i = 0; i < 3; ++i) {
    run.log->tick();
    run.run();
  }
  EXPECT_EQ(run.losses.by_loss.at(Loss::kAgeExpired).records, 20u);
  EXPECT_EQ(run.log->untaken(target), Amount());
  EXPECT_EQ(segments_on(disk).size(), 1u);
}

TEST(LogTest, ASecondProcessIsRefused) {
  io::sim::SimDisk disk(1);
  TestLog first(disk);
  TestLog second(disk);
  EXPECT_EQ(second.log, nullptr);
  EXPECT_EQ(second.open_error.code, Code::kFailedPrecondition);
}

TEST(LogTest, ASegmentOfANewerVersionIsLeftAlone) {
  io::sim::SimDisk disk(1);
  std::string newer(128, '\0');
  BlockHeader head;
  head.version = 7;
  head.epoch = 5;
  head.id = RecordId{1} << 50;
  head.body_crc = 1;
  encode_header(head, reinterpret_cast<uint8_t*>(newer.data()));
  const std::string path = "d/" + segment_file_name({3, 5});
  disk.put(path, newer);
  TestLog run(disk);
  ASSERT_NE(run.log, nullptr);
  EXPECT_EQ(run.log->numbers().segments_refused, 1u);
  EXPECT_GT(run.append("one", {{run.target("a"), true}}).value_or(0), head.id);
  ASSERT_TRUE(run.close());
  ASSERT_NE(disk.content(path), nullptr);
  EXPECT_EQ(*disk.content(path), newer);
}

TEST(LogTest, TargetsNobodyAsksForAreNamed) {
  io::sim::SimDisk disk(1);
  {
    TestLog run(disk);
    ASSERT_TRUE(run.append("one", {{run.target("gone"), false}, {run.target("kept"), false}}, 5));
    ASSERT_TRUE(run.close());
  }
  TestLog run(disk);
  run.target("kept");
  const auto orphans = run.log->orphans();
  ASSERT_EQ(orphans.size(), 1u);
  EXPECT_EQ(orphans[0].first.destination, "gone");
  EXPECT_EQ(orphans[0].second, (Amount{1, 5, 3, 3}));
}

TEST(LogTest, IdsAreNotUsedTwice) {
  io::sim::SimDisk disk(1);
  Random random(9);
  RecordId last = 0;
  for (int i = 0; i < 20; ++i) {
    TestLog run(disk);
    const TargetId target = run.target("a");
    const RecordId id = run.append("one", {{target, true}}).value();
    EXPECT_GT(id, last);
    if (i % 3 != 0) {
      run.run();
      last = id;  // it was on the disk
    }
    if (i % 2 == 0) run.log->finish(target, id);
    run.kill();
    disk.crash(random);
  }
}

TEST(LogTest, WaitsForTheCommitWhenAllThatIsUntakenIsQueued) {
  io::sim::SimDisk disk(1);
  TestLog run(disk);
  const TargetId target = run.target("a");
  ASSERT_TRUE(run.append("one", {{target, false}}));
  std::vector<Record> taken;
  run.log->take(target, 100, Order::kOldestFirst,
                [&taken](std::vector<Record> records) { taken = std::move(records); });
  run.reads.run_all();
  EXPECT_TRUE(taken.empty());
  run.run();
  ASSERT_EQ(taken.size(), 1u);
}

TEST(LogTest, ClosingWritesWhatIsQueuedAndSeals) {
  io::sim::SimDisk disk(1);
  {
    TestLog run(disk);
    const RecordId id = run.append("one", {{run.target("a"), true}}).value();
    EXPECT_TRUE(run.close());
    EXPECT_TRUE(run.answers.at(id));
    run.log->untake(run.target("a"), id, {1, 1, 3, 3});
    EXPECT_EQ(run.log->untaken(0).records, 1u);
    EXPECT_EQ(run.writes.waiting_count() + run.reads.waiting_count(), 0u);
  }
  TestLog run(disk);
  EXPECT_THAT(run.take_texts(run.target("a")), ElementsAre("one"));
}

TEST(LogTest, ARecordLargerThanASegmentGetsOneOfItsOwn) {
  io::sim::SimDisk disk(1);
  TestLog run(disk, {.segment_bytes = 4096});
  const TargetId target = run.target("a");
  const std::string large = payload_of(1, 50'000);
  ASSERT_TRUE(run.append("small", {{target, false}}));
  ASSERT_TRUE(run.append(large, {{target, false}}));
  ASSERT_TRUE(run.append("other", {{target, false}}));
  run.run();
  EXPECT_THAT(run.take_texts(target), ElementsAre("small", large, "other"));
}

TEST(LogTest, MoreTargetsThanThereArePlacesForAreAnError) {
  io::sim::SimDisk disk(1);
  TestLog run(disk);
  for (int i = 0; i < kTargetsMax; ++i) EXPECT_EQ(run.target(std::to_string(i)), i);
  EXPECT_EQ(run.target("5"), 5);
  const auto one_more = run.log->target({Signal::kTraces, "traces", "one more"});
  ASSERT_FALSE(one_more);
  EXPECT_THAT(one_more.error().message, HasSubstr("one more"));
}

TEST(LogTest, AnExpiredRecordThatWasTakenIsToldWhenItIsGivenBack) {
  io::sim::SimDisk disk(1);
  WallTime clock = kTestStart;
  TestLog run(disk, {.segment_bytes = 4096, .age_max = 1h}, &clock);
  const TargetId target = run.target("a");
  const RecordId first = run.append("taken", {{target, true}}).value();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(run.append(std::string(700, 'x'), {{target, false}}));
    run.run();
  }
  clock += 2h;
  run.log->tick();
  const uint64_t before = run.losses.by_loss.at(Loss::kAgeExpired).records;
  run.log->untake(target, first, {1, 1, 5, 5});
  EXPECT_EQ(run.losses.by_loss.at(Loss::kAgeExpired).records, before + 1);
}

TEST(LogTest, EachNamedPointIsReached) {
  io::sim::SimDisk disk(1);
  std::set<std::string, std::less<>> points;
  const auto note = [&points](std::string_view point) { points.emplace(point); };
  std::vector<RecordId> ids;
  {
    TestLog run(disk, {.segment_bytes = 2048}, nullptr, note);
    const TargetId target = run.target("a");
    for (int i = 0; i < 10; ++i) {
      ids.push_back(run.append(std::string(700, 'x'), {{target, true}}).value());
      run.run();
    }
    for (int i = 0; i < 3; ++i) run.log->finish(target, ids[static_cast<size_t>(i)]);
    run.run();
    ASSERT_TRUE(run.append("fails", {{target, true}}));
    disk.fail_call(2, io::sim::SimDisk::Failure::kInputOutput);
    run.run();
    ASSERT_TRUE(run.append("last", {{target, true}}));
    run.run();
    run.kill();
  }
  for (const std::string& path : disk.paths()) {
    const size_t at = disk.content(path)->find("xxx");
    if (at != std::string::npos) (*disk.content(path))[at] = 'y';
  }
  disk.restart();
  TestLog run(disk, {.segment_bytes = 2048}, nullptr, note);
  EXPECT_FALSE(run.take(run.target("a")).empty());
  EXPECT_THAT(points, ::testing::UnorderedElementsAre(
                          "segment_created", "segment_allocated", "head_written", "head_synced",
                          "segment_begun", "before_write", "after_write_before_sync",
                          "after_sync_before_answer", "segment_abandoned", "before_seal",
                          "footer_written", "footer_cut", "sealed", "before_remove",
                          "files_removed", "records_taken", "quarantine_written",
                          "recovery_examined", "recovery_scanned", "recovery_sealed"));
}

}  // namespace
}  // namespace millrace::segment_log
