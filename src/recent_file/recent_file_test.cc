#include "recent_file/recent_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recent_file/recent_file_fixture.h"
#include "segment_log/crc32c.h"
#include "segment_log/fields.h"

namespace millrace::recent_file {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string path_of(uint64_t number) { return std::string(kDirectory) + "/" + file_name(number); }

uint64_t bytes_on(io::sim::SimDisk& disk) {
  uint64_t sum = 0;
  for (const std::string& path : disk.paths()) {
    if (path.ends_with(".recent")) sum += disk.content(path)->size();
  }
  return sum;
}

TEST(RecentFileTest, ARestartKeepsWhatWasReceivedAndKnowsItsRun) {
  io::sim::SimDisk disk(1);
  {
    Life first(disk, {.id = "first"});
    first.keep(3);
    first.keep(2, Signal::kLogs, 1);
    first.round();
    EXPECT_EQ(first.file->numbers().written_requests, 2u);
  }
  disk.restart();
  Life second(disk, {.id = "second", .pipelines = {"logs", "metrics"}});
  ASSERT_EQ(second.error, "");
  const auto kept = second.store.newer_than(0, 10);
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_EQ(kept[0]->bytes.text(), otlp::example_request(Signal::kTraces, {.items = 3}).text());
  EXPECT_EQ(kept[0]->item_count, 3u);
  EXPECT_EQ(kept[0]->received_at, WallTime(5s));
  EXPECT_EQ(second.store.runs()[kept[0]->run].id, "first");
  EXPECT_THAT(second.store.pipelines(), ElementsAre("logs", "metrics", "traces"));
  EXPECT_EQ(kept[0]->pipeline, 2u);
  EXPECT_EQ(kept[1]->pipeline, 0u);
  EXPECT_EQ(second.file->numbers().read_requests, 2u);
  EXPECT_EQ(second.budget.used(), second.store.numbers().bytes);
}

TEST(RecentFileTest, EachRunWritesItsOwnRequestsOnce) {
  io::sim::SimDisk disk(1);
  for (size_t run = 0; run < 4; ++run) {
    Life one(disk, {.id = std::to_string(run)});
    EXPECT_EQ(one.store.numbers().requests, run);
    EXPECT_EQ(one.store.runs().size(), run + 1);
    one.keep();
    one.round();
    one.round();
    EXPECT_EQ(one.file->numbers().written_requests, 1u);
    disk.restart();
  }
}

TEST(RecentFileTest, AKilledProcessLosesWhatCameAfterTheLastRoundOnly) {
  io::sim::SimDisk disk(1);
  {
    Life first(disk, {});
    first.keep(5);
    first.round();
    first.keep(7);
  }
  Random random(3);
  disk.crash(random);
  Life second(disk, {});
  ASSERT_EQ(second.store.numbers().requests, 1u);
  EXPECT_EQ(second.store.newer_than(0, 1)[0]->item_count, 5u);
}

TEST(RecentFileTest, ATornEndIsLeftOutWhereverItIsCut) {
  io::sim::SimDisk disk(1);
  uint64_t whole = 0;
  {
    Life first(disk, {});
    first.keep();
    first.round();
    whole = disk.content(path_of(1))->size();
    first.keep();
    first.round();
  }
  const std::string content = *disk.content(path_of(1));
  for (size_t size = whole; size < content.size(); size += 7) {
    disk.restart();
    disk.put(path_of(1), content.substr(0, size));
    Life second(disk, {});
    ASSERT_EQ(second.error, "");
    EXPECT_EQ(second.store.numbers().requests, 1u) << size;
    EXPECT_EQ(second.lines.size(), size == whole ? 1u : 2u);
  }
}

TEST(RecentFileTest, TheSumOfTheFilesStaysBelowTheCap) {
  io::sim::SimDisk disk(1);
  Life run(disk, {.store_bytes = 1 << 20, .bytes_max = 2 << 20});
  for (int i = 0; i < 100; ++i) {
    run.keep(200);
    run.round();
    ASSERT_LE(bytes_on(disk), 2u << 20);
  }
  EXPECT_GT(bytes_on(disk), 1u << 20);
  EXPECT_EQ(run.file->numbers().bytes, bytes_on(disk));
  EXPECT_EQ(run.file->numbers().written_requests, 100u);
  EXPECT_EQ(run.file->numbers().lost_requests, 0u);
}

TEST(RecentFileTest, ManyShortRunsLeaveNoMoreThanKCountMaxFiles) {
  io::sim::SimDisk disk(1);
  for (int i = 0; i < 70; ++i) {
    Life run(disk, {});
    run.keep();
    run.round();
    disk.restart();
  }
  EXPECT_LE(disk.paths().size(), KeptFiles::kCountMax + 1);  // and the lock
  Life last(disk, {});
  EXPECT_EQ(last.store.numbers().requests, KeptFiles::kCountMax);
}

TEST(RecentFileTest, AStartReadsTheNewestFilesThatTheStoreHasRoomFor) {
  io::sim::SimDisk disk(1);
  {
    Life first(disk, {.bytes_max = 8 << 20});
    for (int i = 0; i < 80; ++i) {
      first.keep(200);
      first.round();
    }
  }
  disk.restart();
  Life second(disk, {.store_bytes = 1 << 20});
  EXPECT_GT(second.store.numbers().bytes, 800'000u);
  EXPECT_LE(second.store.numbers().bytes, 1u << 20);
  EXPECT_LT(second.file->numbers().read_requests, 60u);
}

// With redaction rules every file was read whole, and most of it left the store at once.
TEST(RecentFileTest, RedactionRulesDoNotMakeAStartReadMoreThanTheStoreHasRoomFor) {
  io::sim::SimDisk disk(1);
  {
    Life first(disk, {.bytes_max = 8 << 20, .redaction_hash = 1});
    for (int i = 0; i < 80; ++i) {
      first.keep(200);
      first.round();
    }
  }
  disk.restart();
  Life second(disk, {.store_bytes = 1 << 20, .redaction_hash = 1});
  EXPECT_GT(second.store.numbers().bytes, 800'000u);
  EXPECT_LT(second.file->numbers().read_requests, 60u);
}

TEST(RecentFileTest, WhatOtherRedactionRulesKeptIsRemovedUnread) {
  io::sim::SimDisk disk(1);
  {
    Life first(disk, {.redaction_hash = 1});
    first.keep();
    first.round();
  }
  disk.restart();
  {
    Life same(disk, {.redaction_hash = 1});
    EXPECT_EQ(same.store.numbers().requests, 1u);
  }
  disk.restart();
  Life stricter(disk, {.redaction_hash = 2});
  EXPECT_EQ(stricter.store.numbers().requests, 0u);
  EXPECT_EQ(disk.content(path_of(1)), nullptr);
  EXPECT_THAT(stricter.lines.front(), HasSubstr("other redaction rules"));
}

TEST(RecentFileTest, AFileOfSomethingElseIsSetAsideAndSaid) {
  io::sim::SimDisk disk(1);
  disk.put(path_of(5), std::string(100, 'x'));
  disk.put(path_of(6), "");
  disk.put(std::string(kDirectory) + "/notes.txt", "mine");
  Life run(disk, {});
  ASSERT_EQ(run.error, "");
  EXPECT_EQ(*disk.content(path_of(5) + ".aside"), std::string(100, 'x'));
  EXPECT_EQ(disk.content(path_of(6)), nullptr);
  EXPECT_NE(disk.content(std::string(kDirectory) + "/notes.txt"), nullptr);
  EXPECT_THAT(run.lines.front(), HasSubstr("set aside"));
}

TEST(RecentFileTest, AnotherVersionIsNotReadAndSaid) {
  io::sim::SimDisk disk(1);
  std::string head = encode_head({.pipelines = {"traces"}});
  head[8] = 2;
  auto* const bytes = reinterpret_cast<uint8_t*>(head.data());
  segment_log::put_at(bytes + 20, segment_log::crc32c({bytes, 20}));
  disk.put(path_of(1), head);
  Life run(disk, {});
  ASSERT_EQ(run.error, "");
  EXPECT_THAT(run.lines.front(), HasSubstr("another version"));
  EXPECT_NE(disk.content(path_of(1)), nullptr);
  run.keep();
  run.round();
  EXPECT_NE(disk.content(path_of(2)), nullptr);
}

TEST(RecentFileTest, RequestsThatAreNotValidAreLeftOut) {
  io::sim::SimDisk disk(1);
  {
    Life first(disk, {});
    first.store.add(
        {.signal = Signal::kTraces, .item_count = 1, .bytes = Rope(Bytes::copy_of("no protobuf"))});
    first.keep();
    first.round();
  }
  disk.restart();
  Life second(disk, {});
  EXPECT_EQ(second.store.numbers().requests, 1u);
  EXPECT_THAT(second.lines, Contains(HasSubstr("left out")));
}

}  // namespace
}  // namespace millrace::recent_file
