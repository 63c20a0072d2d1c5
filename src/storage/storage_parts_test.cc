// Leases, backlog and storage without a destination: the queue in front of them is a fake.
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "io/executor.h"
#include "io/sim/sim_disk.h"
#include "pipeline/completion.h"
#include "pipeline/testing/fake_exporter.h"
#include "pipeline/testing/manual_loop.h"
#include "storage/storage.h"

namespace millrace::pipeline {
namespace {

using testing::items_of;
using testing::payload_of;
using Items = std::vector<uint64_t>;

class Lane final : public io::Executor {
 public:
  void submit(io::Task task) override { tasks_.push_back(std::move(task)); }
  void submit_after(Duration, io::Task task) override { tasks_.push_back(std::move(task)); }
  bool run_one() {
    if (tasks_.empty()) return false;
    io::Task task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }

 private:
  std::deque<io::Task> tasks_;
};

// So many slots; the capacity is not bounded.
class FakeQueue final : public StoredQueue {
 public:
  const std::string& name() const override { return name_; }
  Backlog* backlog() const override { return backlog_.get(); }
  void set_backlog(std::unique_ptr<Backlog> backlog) override { backlog_ = std::move(backlog); }
  bool try_reserve_slot() override { return used_slots < slot_count && ++used_slots != 0; }
  void release_slot() override { --used_slots; }
  bool has_slots_for_reading() const override { return 2 * used_slots <= slot_count; }
  void reserve_recovered(const segment_log::Amount& amount) override {
    recovered_records += amount.records;
  }
  void reserve_for_rest(const segment_log::Amount& rest, uint64_t reserved_cost) override {
    rest_items += rest.items;
    rest_cost += reserved_cost;
  }
  void release_lost(const segment_log::Amount& amount) override { lost_records += amount.records; }
  void wake_waiting() override {}

  uint64_t slot_count = 4;
  uint64_t used_slots = 0;
  uint64_t recovered_records = 0;
  uint64_t rest_items = 0;
  uint64_t rest_cost = 0;
  uint64_t lost_records = 0;

 private:
  std::string name_ = "sink";
  std::unique_ptr<Backlog> backlog_;
};

class FakeReader final : public BacklogReader {
 public:
  void enqueue_read(segment_log::Record record, ledger::Account&, LeaseRef lease,
                    std::shared_ptr<Completion>) override {
    read.push_back(items_of(Rope(record.bytes)));
    leases.push_back(std::move(lease));
  }
  void feed_later(Duration) override {}
  std::vector<Items> read;
  std::vector<LeaseRef> leases;
};

struct StoragePartsTest : ::testing::Test {
  StoragePartsTest() {
    segment_log::Options options;
    options.directory = "/queue";
    options.segment_bytes = 1 << 20;
    auto opened = segment_log::Log::open(
        options, {.disk = disk, .writes = writes, .reads = reads, .wall_clock = [this] {
                    return loop.wall_now();
                  }});
    EXPECT_TRUE(opened);
    log = std::move(*opened);
    storage = std::make_unique<Storage>(*log);
    storage->add_loop(loop);
    EXPECT_TRUE(storage->attach(queue, account, budget, {.memory_bytes_max = 64}));
    queue.backlog()->add_reader(loop, token);
  }
  ~StoragePartsTest() override {
    *token = nullptr;
    queue.backlog()->stop_reading();
    reader.leases.clear();
    run();
    queue.set_backlog(nullptr);
  }
  void run() {
    for (bool goes_on = true; goes_on;) {
      const bool turned = loop.turn();
      const bool wrote = writes.run_one();
      goes_on = reads.run_one() || turned || wrote;
    }
  }
  StoreTarget store_items(const Items& items, std::shared_ptr<Completion> waiter = nullptr) {
    StoreTarget target{.backlog = queue.backlog(), .account = &account};
    const Payload payload = payload_of(items);
    EXPECT_TRUE(store(loop, payload, static_cast<uint32_t>(payload.bytes.size()), {&target, 1},
                      std::move(waiter)));
    return target;
  }
  // Stores a request and leaves it on disk alone.
  void leave(const Items& items) {
    StoreTarget target = store_items(items);
    if (target.in_memory) queue.backlog()->release_slot();
    leave_on_disk(target, payload_of(items), static_cast<uint32_t>(items.size() * 8));
  }

  io::sim::SimDisk disk{1};
  testing::ManualLoop loop;
  Budget budget{16 << 20};
  ledger::Ledger ledger;
  ledger::Account& account = ledger.open(Signal::kTraces, "traces", "sink");
  Lane writes;
  Lane reads;
  std::unique_ptr<segment_log::Log> log;
  FakeQueue queue;
  std::unique_ptr<Storage> storage;
  FakeReader reader;
  std::shared_ptr<BacklogReader*> token = std::make_shared<BacklogReader*>(&reader);
};

TEST_F(StoragePartsTest, RecordEndsWithItsLease) {
  StoreTarget target = store_items({1, 2});
  EXPECT_TRUE(target.in_memory);
  EXPECT_TRUE(target.lease->is_on_disk());
  EXPECT_EQ(queue.used_slots, 1u);
  target.lease.reset();
  run();
  EXPECT_EQ(queue.backlog()->untaken_records(), 0u);
  EXPECT_TRUE(reader.read.empty());
}

TEST_F(StoragePartsTest, SenderIsAnsweredWhenTheRecordIsDurable) {
  bool is_durable = false;
  auto waiter = std::make_shared<Completion>(
      loop, 1, [&](const Verdict& verdict) { is_durable = verdict.ok(); });
  const StoreTarget target = store_items({1}, waiter);
  Completion::settle(std::move(waiter), loop);
  loop.run_until_idle();
  EXPECT_FALSE(is_durable);
  run();
  EXPECT_TRUE(is_durable);
}

TEST_F(StoragePartsTest, WhatIsLeftOnDiskIsReadBack) {
  leave({1, 2, 3});
  EXPECT_EQ(queue.backlog()->untaken_records(), 1u);
  run();
  EXPECT_EQ(reader.read, (std::vector<Items>{{1, 2, 3}}));
  EXPECT_EQ(queue.backlog()->untaken_records(), 0u);
}

TEST_F(StoragePartsTest, NewDataDoesNotOvertakeOlderDataOnDisk) {
  leave({1});
  EXPECT_FALSE(queue.backlog()->try_keep_in_memory(8));
  run();
  EXPECT_TRUE(queue.backlog()->try_keep_in_memory(8));
  queue.backlog()->release_slot();
  queue.backlog()->free_memory(8);
}

TEST_F(StoragePartsTest, MemoryAndSlotsBoundWhatIsKept) {
  StoreTarget first = store_items({1, 2, 3, 4, 5, 6, 7, 8});  // all of the memory
  EXPECT_TRUE(first.in_memory);
  StoreTarget second = store_items({9});
  EXPECT_FALSE(second.in_memory);
  withdraw(second);
  withdraw(first);
  queue.slot_count = 0;
  StoreTarget third = store_items({10});
  EXPECT_FALSE(third.in_memory);
  withdraw(third);
  run();
  EXPECT_EQ(queue.used_slots, 0u);
}

TEST_F(StoragePartsTest, PartsThatAreLeftReserveTheRestOfTheRecord) {
  StoreTarget target = store_items({1, 2, 3, 4});
  LeaseRef delivered = target.lease;
  target.lease->leave_part(3, 24, 24, 2);
  target.lease.reset();
  EXPECT_EQ(queue.rest_items, 0u) << "a part is still under way";
  delivered.reset();
  EXPECT_EQ(queue.rest_items, 3u);
  EXPECT_EQ(queue.rest_cost, 2u);
  EXPECT_EQ(queue.backlog()->untaken_records(), 1u);
  queue.backlog()->release_slot();
}

}  // namespace
}  // namespace millrace::pipeline
