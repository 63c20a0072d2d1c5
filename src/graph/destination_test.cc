#include "destination/destination.h"

#include <gtest/gtest.h>

#include "graph/drain.h"
#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using ledger::Amount;
using ledger::DropReason;
using testing::outcome_of;
using testing::plain_options;
using testing::Rig;
using Kind = Outcome::Kind;
using Batches = std::vector<std::vector<uint64_t>>;

TEST(DestinationTest, FirstRequestIsSentAtTheEndOfItsTurn) {
  Rig rig;
  rig.submit(2);
  EXPECT_EQ(rig.sinks[0].exporter->attempt_count, 0);
  rig.run();
  ASSERT_EQ(rig.sinks[0].exporter->open.size(), 1u);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1, 2}}));
  EXPECT_EQ(rig.sinks[0].seen().delivered, (Amount{2, 16}));
  EXPECT_TRUE(rig.sinks[0].destination->is_empty());
}

TEST(DestinationTest, RequestsOfOneTurnAreJoined) {
  Rig rig;
  rig.submit(1);
  rig.submit(2);
  rig.submit(1);
  rig.run();
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1, 2, 3, 4}}));
}

TEST(DestinationTest, AdaptiveBatchGrowsWhileOneIsInFlight) {
  Rig rig;
  rig.submit(1);
  rig.run();
  for (int i = 0; i < 5; ++i) {
    rig.submit(1);
    rig.run();
  }
  EXPECT_EQ(rig.sinks[0].exporter->attempt_count, 1);
  EXPECT_EQ(rig.held_items(), 6u);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1}, {2, 3, 4, 5, 6}}));
}

TEST(DestinationTest, AdaptiveBatchIsSentBesideAnotherWhenFullOrLate) {
  DestinationOptions options = plain_options();
  options.batch.items_max = 4;
  Rig rig({options});
  rig.submit(1);
  rig.run();
  rig.submit(4);
  rig.run();
  EXPECT_EQ(rig.sinks[0].exporter->open.size(), 2u) << "full";
  rig.submit(1);
  rig.loop.advance(199ms);
  EXPECT_EQ(rig.sinks[0].exporter->open.size(), 2u);
  rig.loop.advance(1ms);
  EXPECT_EQ(rig.sinks[0].exporter->open.size(), 3u) << "late";
}

TEST(DestinationTest, FixedBatchWaitsForItsMinimumOrItsTimeout) {
  DestinationOptions options = plain_options();
  options.batch = {.mode = BatchMode::kFixed, .items_max = 0, .items_min = 3};
  Rig rig({options});
  rig.submit(1);
  rig.submit(1);
  rig.run();
  EXPECT_EQ(rig.sinks[0].exporter->attempt_count, 0);
  rig.submit(1);
  rig.run();
  EXPECT_EQ(rig.sinks[0].exporter->open.size(), 1u);
  rig.submit(1);
  rig.loop.advance(200ms);
  ASSERT_EQ(rig.sinks[0].exporter->open.size(), 2u);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1, 2, 3}, {4}}));
}

TEST(DestinationTest, FixedBatchDoesNotWaitForMoreThanTheQueueHolds) {
  DestinationOptions options = plain_options();
  options.batch = {.mode = BatchMode::kFixed, .items_min = 8192, .flush_timeout = 1h};
  options.queue.capacity = 4;
  Rig rig({options});
  rig.submit(1);
  rig.submit(1);
  rig.run();
  EXPECT_EQ(rig.sinks[0].exporter->open.size(), 1u);
}

TEST(DestinationTest, NoneSendsEachRequestAlone) {
  DestinationOptions options = plain_options();
  options.batch.mode = BatchMode::kNone;
  options.concurrency.max = 2;
  Rig rig({options});
  for (int i = 0; i < 3; ++i) rig.submit(2);
  rig.run();
  EXPECT_EQ(rig.sinks[0].exporter->open.size(), 2u);
  for (int i = 0; i < 3; ++i) {
    rig.sinks[0].exporter->answer(Kind::kDelivered);
    rig.run();
  }
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1, 2}, {3, 4}, {5, 6}}));
}

TEST(DestinationTest, ProfilesAreNeverJoinedNorCut) {
  DestinationOptions options = plain_options();
  options.signal = Signal::kProfiles;
  options.batch.items_max = 2;
  Rig rig({options});
  rig.submit(testing::payload_of({1, 2, 3}, Signal::kProfiles));
  rig.submit(testing::payload_of({4}, Signal::kProfiles));
  rig.run();
  while (!rig.sinks[0].exporter->open.empty()) {
    rig.sinks[0].exporter->answer(Kind::kDelivered);
    rig.run();
  }
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1, 2, 3}, {4}}));
}

TEST(DestinationTest, ARequestAboveTheMaximumIsCutAndItsBytesAddUp) {
  DestinationOptions options = plain_options();
  options.batch.items_max = 3;
  options.concurrency.max = 1;
  Rig rig({options});
  rig.submit(8);
  rig.submit(1);
  for (int i = 0; i < 5; ++i) {
    rig.run();
    rig.expect_balance();
    if (!rig.sinks[0].exporter->open.empty()) rig.sinks[0].exporter->answer(Kind::kDelivered);
  }
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}));
  EXPECT_EQ(rig.sinks[0].seen().delivered, (Amount{9, 72}));
  EXPECT_TRUE(rig.sinks[0].destination->is_empty());
}

TEST(DestinationTest, DifferentTenantsAreNeverJoined) {
  DestinationOptions options = plain_options();
  options.batch.metadata_keys = {"tenant"};
  Rig rig({options});
  const auto submit = [&](uint64_t item, const char* tenant) {
    Payload payload = testing::payload_of({item});
    auto metadata = std::make_shared<Metadata>();
    metadata->entries = {{"tenant", tenant}, {"traceparent", std::to_string(item)}};
    payload.metadata = metadata;
    rig.submit(std::move(payload));
  };
  submit(1, "a");
  submit(2, "b");
  submit(3, "a");
  rig.run();
  auto& exporter = *rig.sinks[0].exporter;
  while (!exporter.open.empty()) {
    exporter.answer(Kind::kDelivered);
    rig.run();
  }
  EXPECT_EQ(exporter.delivered, (Batches{{1, 3}, {2}}));
  ASSERT_NE(exporter.delivered_metadata[0], nullptr);
  EXPECT_EQ(exporter.delivered_metadata[0]->entries, (std::vector<MetadataEntry>{{"tenant", "a"}}));
  EXPECT_EQ(exporter.delivered_metadata[1]->entries, (std::vector<MetadataEntry>{{"tenant", "b"}}));
}

// Else a sender's credentials would go to every back end, or not, by how its requests were joined.
TEST(DestinationTest, HeadersThatNobodyNamedStayHere) {
  Rig rig({plain_options()});
  Payload payload = testing::payload_of({1});
  auto metadata = std::make_shared<Metadata>();
  metadata->entries = {{"authorization", "secret"}};
  payload.metadata = metadata;
  rig.submit(std::move(payload));
  rig.run();
  auto& exporter = *rig.sinks[0].exporter;
  exporter.answer(Kind::kDelivered);
  rig.run();
  ASSERT_EQ(exporter.delivered_metadata.size(), 1u);
  EXPECT_EQ(exporter.delivered_metadata[0], nullptr);
}

TEST(DestinationTest, FullQueueRejectsWithATimeToWait) {
  DestinationOptions options = plain_options();
  options.queue = {.capacity = 3, .sizer = Sizer::kItems};
  Rig rig({options});
  rig.submit(2);
  const size_t refused = rig.submit(2);
  const size_t fits = rig.submit(1);
  const size_t never = rig.submit(4);
  EXPECT_EQ(rig.verdicts[refused]->code, Code::kUnavailable);
  EXPECT_EQ(rig.verdicts[refused]->message, "sink: sending queue is full");
  EXPECT_EQ(rig.verdicts[refused]->retry_after, Duration(1s));
  EXPECT_TRUE(rig.verdicts[fits]->ok());
  EXPECT_FALSE(rig.verdicts[never]->ok());
  EXPECT_EQ(rig.verdicts[never]->retry_after, std::nullopt) << "trying again cannot help";
  EXPECT_EQ(rig.sinks[0].seen().admitted, (Amount{3, 24}));
  EXPECT_EQ(rig.sinks[0].destination->numbers().enqueue_failed_items, 6u);
}

TEST(DestinationTest, DropOldestMakesRoomAndCounts) {
  DestinationOptions options = plain_options();
  options.queue = {.capacity = 2, .on_full = OnFull::kDropOldest};
  Rig rig({options});
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(rig.verdicts[rig.submit(1)]->ok());
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kDropOldest), (Amount{2, 16}));
  rig.run();
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{3, 4}}));
}

TEST(DestinationTest, BlockedSendersEnterInOrderWhenThereIsRoom) {
  DestinationOptions options = plain_options();
  options.queue = {.capacity = 1, .on_full = OnFull::kBlock};
  Rig rig({options});
  rig.submit(1);
  const size_t second = rig.submit(1);
  const size_t third = rig.submit(1);
  rig.run();
  EXPECT_FALSE(rig.verdicts[second].has_value());
  for (int i = 0; i < 3; ++i) {
    rig.sinks[0].exporter->answer(Kind::kDelivered);
    rig.run();
  }
  EXPECT_TRUE(rig.verdicts[second]->ok());
  EXPECT_TRUE(rig.verdicts[third]->ok());
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1}, {2}, {3}}));
}

TEST(DestinationTest, ABlockedSenderIsRefusedAtItsDeadline) {
  DestinationOptions options = plain_options();
  options.queue = {.capacity = 1, .on_full = OnFull::kBlock};
  Rig rig({options});
  rig.submit(1);
  const size_t second = rig.submit(1, Policy::kAccepted, rig.loop.now() + 2s);
  rig.loop.advance(1999ms);
  EXPECT_FALSE(rig.verdicts[second].has_value());
  rig.loop.advance(1ms);
  EXPECT_EQ(rig.verdicts[second]->code, Code::kUnavailable);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1}}));
}

TEST(DestinationTest, ASenderWithoutADeadlineWaitsForRoomNoLongerThanTheBlockTimeout) {
  DestinationOptions options = plain_options();
  options.queue = {.capacity = 1, .on_full = OnFull::kBlock, .block_timeout = 10s};
  options.timeout = 0s;
  Rig rig({options});
  rig.submit(1);
  rig.run();
  const size_t verdict = rig.submit(1);
  rig.loop.advance(9999ms);
  EXPECT_FALSE(rig.verdicts[verdict].has_value());
  rig.loop.advance(1ms);
  ASSERT_TRUE(rig.verdicts[verdict].has_value());
  EXPECT_EQ(rig.verdicts[verdict]->code, Code::kUnavailable);
  EXPECT_TRUE(rig.verdicts[verdict]->retry_after.has_value());
}

TEST(DestinationTest, WhatWaitedTooLongExpires) {
  DestinationOptions options = plain_options();
  options.queue.age_max = 1s;
  options.batch.flush_timeout = 1h;
  Rig rig({options});
  rig.submit(1);
  rig.run();
  rig.submit(1);
  rig.loop.advance(2s);
  rig.submit(1);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1}, {3}}));
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kAgeExpired), (Amount{1, 8}));
}

TEST(DestinationTest, DropOldestReachesWhatIsSortedByItsHeaders) {
  DestinationOptions options = plain_options();
  options.queue = {.capacity = 2, .on_full = OnFull::kDropOldest};
  options.concurrency.max = 1;
  options.batch.metadata_keys = {"tenant"};
  Rig rig({options});
  for (const char* tenant : {"a", "b", "c", "a"}) {
    Payload payload = testing::payload_of({rig.next_item++});
    payload.metadata = std::make_shared<const Metadata>(
        Metadata{.entries = {{"tenant", tenant}}, .client_address = {}});
    EXPECT_TRUE(rig.verdicts[rig.submit(std::move(payload))]->ok());
    rig.loop.advance(1ms);
  }
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kDropOldest), (Amount{2, 16}));
  for (int i = 0; i < 2; ++i) {
    rig.sinks[0].exporter->answer(Kind::kDelivered);
    rig.run();
  }
  EXPECT_EQ(rig.sinks[0].exporter->delivered, (Batches{{1}, {4}}));
}

TEST(DestinationTest, NumbersAndHealthTellTheTruth) {
  Rig rig;
  rig.submit(3);
  rig.run();
  EXPECT_EQ(rig.sinks[0].destination->numbers().queue_size, 1u);
  EXPECT_EQ(rig.sinks[0].destination->numbers().in_flight, 1u);
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry, "connection refused"));
  EXPECT_EQ(rig.sinks[0].destination->health().consecutive_failures, 1u);
  EXPECT_EQ(rig.sinks[0].destination->health().last_answer, "connection refused");
  rig.loop.advance(5s);
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  EXPECT_EQ(rig.sinks[0].destination->health().consecutive_failures, 0u);
  EXPECT_EQ(rig.sinks[0].destination->health().last_answer, "OK");
  EXPECT_EQ(rig.sinks[0].destination->numbers().sent_items, 3u);
  EXPECT_EQ(rig.sinks[0].destination->numbers().in_flight, 0u);
}

// A drain beside a dead destination took its whole time, though all of it lay on the disk in front.
TEST(DestinationTest, ADrainGivesBackWhatHasADiskInFront) {
  for (const bool has_disk_in_front : {true, false}) {
    DestinationOptions options = plain_options();
    options.batch.mode = BatchMode::kNone;
    options.concurrency.max = 3;
    options.has_disk_in_front = has_disk_in_front;
    Rig rig({options});
    for (int i = 0; i < 4; ++i) rig.submit(1, Policy::kDelivered);
    rig.run();
    rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));  // waits for its retry
    rig.run();
    ASSERT_EQ(rig.sinks[0].exporter->open.size(), 2u);  // being sent
    Drain drain(rig.loop);
    drain.add(*rig.sinks[0].destination);
    bool done = false;
    drain.start(rig.loop.now() + 30s, [&] { done = true; });
    rig.run();
    rig.sinks[0].exporter->answer(Kind::kDelivered);
    rig.run();
    rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry));
    rig.run();
    EXPECT_EQ(done, has_disk_in_front);
    if (!has_disk_in_front) continue;
    EXPECT_EQ(rig.sinks[0].dropped(DropReason::kHandedBack).items, 3u);
    EXPECT_EQ(rig.sinks[0].seen().delivered.items, 1u);
    for (const size_t index : {0, 2, 3}) {
      const std::optional<Verdict>& verdict = rig.verdicts[index];
      ASSERT_TRUE(verdict.has_value()) << index;
      EXPECT_TRUE(verdict->retry_after.has_value()) << index;
    }
  }
}

}  // namespace
}  // namespace millrace::pipeline
