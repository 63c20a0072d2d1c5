// The dead letters that a destination writes.
#include "pipeline/dead_letters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "graph/testing/rig.h"

namespace millrace::pipeline {
namespace {

using ledger::DropReason;
using testing::items_of;
using testing::outcome_of;
using testing::plain_options;
using testing::Rig;
using Kind = Outcome::Kind;

struct Kept {
  DropReason reason;
  std::string destination;
  std::vector<std::string> pipelines;
  uint64_t item_count;
  Error answer;
  std::vector<uint64_t> items;
};

class KeepingAll final : public DeadLetters {
 public:
  bool keep(const DeadLetter& letter) override {
    kept.push_back({letter.reason,
                    std::string(letter.destination),
                    {letter.pipelines.begin(), letter.pipelines.end()},
                    letter.item_count,
                    letter.answer,
                    items_of(letter.bytes)});
    if (on_keep) on_keep();
    return keeps;
  }
  std::vector<Kept> kept;
  std::function<void()> on_keep;
  bool keeps = true;
};

TEST(DeadLettersTest, AFinalRefusalComesWithTheAnswerVerbatim) {
  KeepingAll letters;
  Rig rig({plain_options("backup")}, {}, nullptr, nullptr, &letters);
  rig.submit(3);
  rig.run();
  rig.sinks[0].exporter->answer(
      {.kind = Kind::kRefused, .error = {Code::kPermissionDenied, "who are you?"}});
  rig.run();
  ASSERT_EQ(letters.kept.size(), 1u);
  const Kept& kept = letters.kept[0];
  EXPECT_EQ(kept.reason, DropReason::kRefused);
  EXPECT_EQ(kept.destination, "backup");
  EXPECT_EQ(kept.pipelines, std::vector<std::string>{"traces"});
  EXPECT_EQ(kept.answer.code, Code::kPermissionDenied);
  EXPECT_EQ(kept.answer.message, "who are you?");
  EXPECT_EQ(kept.item_count, 3u);
  EXPECT_EQ(kept.items, (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_EQ(rig.sinks[0].dropped(DropReason::kRefused).items, 3u);
}

TEST(DeadLettersTest, OnlyTheBadRequestOfAJoinedBatchIsKept) {
  KeepingAll letters;
  Rig rig(
      {plain_options()},
      [](const Batch& batch) -> std::optional<Outcome> {
        const auto items = items_of(batch.bytes);
        const bool has_bad = std::ranges::find(items, 3) != items.end();
        return outcome_of(has_bad ? Kind::kBadData : Kind::kDelivered, "item 3 is bad");
      },
      nullptr, nullptr, &letters);
  for (int i = 0; i < 3; ++i) rig.submit(2);
  rig.run();
  ASSERT_EQ(letters.kept.size(), 1u);
  EXPECT_EQ(letters.kept[0].reason, DropReason::kBadData);
  EXPECT_EQ(letters.kept[0].items, (std::vector<uint64_t>{3, 4}));
  EXPECT_EQ(letters.kept[0].answer.message, "item 3 is bad");
}

TEST(DeadLettersTest, OnlyTheItemThatIsTooLargeByItselfIsKept) {
  KeepingAll letters;
  Rig rig(
      {plain_options()},
      [](const Batch& batch) -> std::optional<Outcome> {
        const auto items = items_of(batch.bytes);
        const bool has_large = std::ranges::find(items, 2) != items.end();
        return outcome_of(has_large ? Kind::kTooLarge : Kind::kDelivered);
      },
      nullptr, nullptr, &letters);
  rig.submit(4);
  rig.run();
  ASSERT_EQ(letters.kept.size(), 1u);
  EXPECT_EQ(letters.kept[0].reason, DropReason::kTooLarge);
  EXPECT_EQ(letters.kept[0].items, std::vector<uint64_t>{2});
}

TEST(DeadLettersTest, AnExpiredRetryIsOfferedWithTheLastAnswer) {
  KeepingAll letters;
  DestinationOptions options = plain_options();
  options.retry.max_elapsed_time = 6s;
  Rig rig({options}, {}, nullptr, nullptr, &letters);
  rig.submit(1);
  rig.run();
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry, "first"));
  rig.loop.advance(5001ms);
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRetry, "second"));
  rig.run();
  ASSERT_EQ(letters.kept.size(), 1u);
  EXPECT_EQ(letters.kept[0].reason, DropReason::kRetryExpired);
  EXPECT_EQ(letters.kept[0].answer.message, "second");
}

TEST(DeadLettersTest, TheLetterIsKeptBeforeTheSenderHearsOfIt) {
  KeepingAll letters;
  Rig rig({plain_options()}, {}, nullptr, nullptr, &letters);
  size_t verdict = 0;
  bool was_told = true;
  letters.on_keep = [&] { was_told = rig.verdicts[verdict].has_value(); };
  verdict = rig.submit(1, Policy::kDelivered);
  rig.run();
  rig.sinks[0].exporter->answer(outcome_of(Kind::kRefused));
  rig.run();
  ASSERT_EQ(letters.kept.size(), 1u);
  EXPECT_FALSE(was_told);
  EXPECT_TRUE(rig.verdicts[verdict].has_value());
}

TEST(DeadLettersTest, WhatIsDeliveredIsNotKept) {
  KeepingAll letters;
  Rig rig({plain_options()}, {}, nullptr, nullptr, &letters);
  rig.submit(1);
  rig.run();
  rig.sinks[0].exporter->answer(Kind::kDelivered);
  rig.run();
  EXPECT_TRUE(letters.kept.empty());
}

}  // namespace
}  // namespace millrace::pipeline
