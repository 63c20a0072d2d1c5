#include "keyed_state/key_owner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "keyed_state/testing.h"
#include "pipeline/testing/manual_loop.h"

namespace millrace::keyed_state {
namespace {

using pipeline::testing::ManualLoop;
using testing::key_bytes;
using testing::parcel_of;

struct Scene {
  explicit Scene(MailboxLimits limits = {}, size_t budget_bytes = 64 << 20)
      : budget(budget_bytes), workers({&a, &b, &c}, budget, ledger, limits) {}
  ~Scene() {
    for (const ledger::Imbalance& wrong : ledger.check(workers.held())) {
      ADD_FAILURE() << wrong.to_text();
    }
  }
  Status give(size_t from, size_t to, std::string_view bytes = "bytes", uint32_t items = 1) {
    std::vector<KeyOwner::Outgoing> parcels;
    parcels.push_back({to, parcel_of(items, bytes)});
    return workers[from].submit(std::move(parcels));
  }
  void run() {
    for (bool ran = true; ran;) {
      ran = a.turn();
      ran = b.turn() || ran;
      ran = c.turn() || ran;
    }
  }

  ManualLoop a, b, c;
  Budget budget;
  ledger::Ledger ledger;
  testing::Workers workers;
};

TEST(KeyOwnerTest, ParcelsArriveAtTheirOwnerInOrder) {
  Scene scene;
  std::string seen;
  scene.workers[1].on_parcel = [&](Parcel parcel) { seen += parcel.bytes.to_bytes().text(); };
  for (const std::string_view text : {"1", "2", "3"}) ASSERT_TRUE(scene.give(0, 1, text));
  EXPECT_EQ(seen, "");
  scene.run();
  EXPECT_EQ(seen, "123");
  EXPECT_TRUE(scene.workers.owners.is_empty());
  EXPECT_EQ(scene.workers[1].held.items, 3u);
}

TEST(KeyOwnerTest, WhatAWorkerOwnsItselfIsTakenAtOnce) {
  Scene scene;
  ASSERT_TRUE(scene.give(2, 2));
  EXPECT_EQ(scene.workers[2].held.items, 1u);
  EXPECT_TRUE(scene.workers.owners.is_empty());
}

TEST(KeyOwnerTest, OneWakeUpForEachOwnerAndTurn) {
  Scene scene;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(scene.give(0, 1));
  ASSERT_TRUE(scene.give(0, 2));
  scene.a.turn();
  EXPECT_EQ(scene.b.posted_count(), 1u);
  EXPECT_EQ(scene.c.posted_count(), 1u);
  // Another sender adds to what the owner has been woken for.
  ASSERT_TRUE(scene.give(2, 1));
  scene.c.turn();
  EXPECT_EQ(scene.b.posted_count(), 1u);
  scene.run();
  EXPECT_EQ(scene.workers[1].held.items, 6u);
}

TEST(KeyOwnerTest, HeldByTheSenderThenByTheMailboxThenByTheOwner) {
  Scene scene;
  ASSERT_TRUE(scene.give(0, 1, "12345", 4));
  EXPECT_EQ(scene.workers[0].held.items, 0u);
  EXPECT_EQ(scene.workers.held().total(), (ledger::Amount{8, 10})) << "of two destinations";
  EXPECT_TRUE(scene.ledger.check(scene.workers.held()).empty());
  scene.run();
  EXPECT_EQ(scene.workers[1].held, (ledger::Amount{4, 5}));
  scene.workers[1].sample_out_all();
  EXPECT_EQ(scene.ledger.accounts()[0]->snapshot().sampled_out, (ledger::Amount{4, 5}));
}

TEST(KeyOwnerTest, AFullMailboxRefusesAllParcelsOfARequest) {
  Scene scene({.parcels_max = 2, .bytes_max = 1000});
  ASSERT_TRUE(scene.give(0, 1));
  ASSERT_TRUE(scene.give(0, 1));
  std::vector<KeyOwner::Outgoing> parcels;
  parcels.push_back({2, parcel_of(1, "first")});
  parcels.push_back({0, parcel_of(1, "mine")});
  parcels.push_back({1, parcel_of(1, "no room")});
  const Status refused = scene.workers[0].submit(std::move(parcels));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kUnavailable);
  EXPECT_TRUE(scene.workers.owners.mailbox(2).is_empty()) << "its room was given back";
  EXPECT_EQ(scene.workers[0].held.items, 0u);
  scene.run();
  EXPECT_EQ(scene.workers[2].held.items, 0u);
  EXPECT_TRUE(scene.give(0, 1)) << "there is room again";
  scene.run();
}

TEST(KeyOwnerTest, BytesUnderWayAreBoundedAndALargeParcelGoesAlone) {
  Scene scene({.parcels_max = 100, .bytes_max = 10});
  ASSERT_TRUE(scene.give(0, 1, "12345"));
  ASSERT_TRUE(scene.give(0, 1, "12345"));
  EXPECT_FALSE(scene.give(2, 1, "1"));
  EXPECT_EQ(scene.workers.owners.mailbox(1).reserved_bytes(), 10u);
  scene.run();
  EXPECT_TRUE(scene.give(0, 1, "more than ten bytes"));
  EXPECT_FALSE(scene.give(0, 1, "1"));
  scene.run();
  EXPECT_EQ(scene.workers[1].held.items, 3u);
}

TEST(KeyOwnerTest, WithoutMemoryNothingIsHandedOver) {
  Scene scene;
  const size_t left = scene.budget.limit() - scene.budget.used();
  ASSERT_TRUE(scene.budget.try_reserve(MemoryTerm::kMessages, left));
  EXPECT_FALSE(scene.give(0, 1));
  EXPECT_TRUE(scene.workers.owners.is_empty());
  scene.budget.release(MemoryTerm::kMessages, left);
  const size_t before = scene.budget.used();
  EXPECT_TRUE(scene.give(0, 1));
  EXPECT_GT(scene.budget.used(MemoryTerm::kKeyedState), 0u);
  scene.run();
  EXPECT_EQ(scene.budget.used(), before);
}

TEST(KeyOwnerTest, AcceptedIsAnsweredWhenTheOwnersHaveIt) {
  Scene scene;
  int answers = 0;
  auto completion = std::make_shared<pipeline::Completion>(
      scene.a, 2, [&](const pipeline::Verdict& verdict) { answers += verdict.ok() ? 1 : 100; });
  std::vector<KeyOwner::Outgoing> parcels;
  for (const size_t owner : {0, 1}) {
    parcels.push_back({owner, parcel_of(1, "x")});
    parcels.back().parcel.completion = completion;
    parcels.back().parcel.settles_when_owned = true;
  }
  completion.reset();
  ASSERT_TRUE(scene.workers[0].submit(std::move(parcels)));
  scene.a.turn();
  EXPECT_EQ(answers, 0) << "the other owner does not have its part yet";
  scene.run();
  EXPECT_EQ(answers, 1);
}

TEST(KeyOwnerTest, OtherwiseTheCompletionTravelsOn) {
  Scene scene;
  std::shared_ptr<pipeline::Completion> kept;
  scene.workers[1].on_parcel = [&](Parcel parcel) { kept = std::move(parcel.completion); };
  int answers = 0;
  auto completion = std::make_shared<pipeline::Completion>(
      scene.a, 1, [&](const pipeline::Verdict&) { ++answers; });
  std::vector<KeyOwner::Outgoing> parcels;
  parcels.push_back({1, parcel_of(1, "x")});
  parcels.back().parcel.completion = std::move(completion);
  ASSERT_TRUE(scene.workers[0].submit(std::move(parcels)));
  scene.run();
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(answers, 0);
  pipeline::Completion::settle(std::move(kept), scene.b);
  scene.run();
  EXPECT_EQ(answers, 1);
}

TEST(KeyOwnerTest, AFloodIsTakenInSeveralTurns) {
  Scene scene;
  for (int i = 0; i < 600; ++i) ASSERT_TRUE(scene.give(0, 1));
  scene.a.turn();
  scene.b.turn();
  EXPECT_EQ(scene.workers[1].held.items, 256u);
  scene.run();
  EXPECT_EQ(scene.workers[1].held.items, 600u);
}

TEST(KeyOwnersTest, WhatIsUnderWayAtTheEndIsDroppedAndCounted) {
  ManualLoop a, b;
  Budget budget(64 << 20);
  ledger::Ledger ledger;
  {
    testing::Workers workers({&a, &b}, budget, ledger);
    std::vector<KeyOwner::Outgoing> parcels;
    parcels.push_back({1, parcel_of(3, "left")});
    ASSERT_TRUE(workers[0].submit(std::move(parcels)));
    a.drop_tasks();
    b.drop_tasks();
  }
  EXPECT_EQ(budget.used(), 0u);
  EXPECT_TRUE(ledger.check({}).empty());
  const auto& dropped = ledger.accounts()[1]->snapshot().dropped;
  EXPECT_EQ(dropped[static_cast<size_t>(ledger::DropReason::kShutdown)], (ledger::Amount{3, 4}));
}

TEST(KeyOwnersTest, EachKeyHasOneOwnerAndTheyShareTheKeysEvenly) {
  Budget budget(64 << 20);
  const KeyOwners owners(4, {}, 1, budget);
  const KeyOwners same(4, {}, 1, budget);
  const KeyOwners other(4, {}, 2, budget);
  std::vector<size_t> counts(4);
  size_t differ = 0;
  for (uint64_t key = 0; key < 4000; ++key) {
    const size_t owner = owners.owner_of(key_bytes(key));
    ASSERT_EQ(owner, same.owner_of(key_bytes(key)));
    differ += owner != other.owner_of(key_bytes(key)) ? 1 : 0;
    ++counts[owner];
  }
  for (const size_t count : counts) EXPECT_NEAR(static_cast<double>(count), 1000, 150);
  EXPECT_GT(differ, 2000u) << "the seed decides";
  EXPECT_NE(hash_of(as_span("ab"), 1), hash_of(as_span(std::string_view("ab\0", 3)), 1));
}

}  // namespace
}  // namespace millrace::keyed_state
