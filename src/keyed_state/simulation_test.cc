// Several workers on simulated loops, from a seed: requests with items of many keys arrive
// anywhere, mailboxes are small, loops stall, and the ledger is audited all the time. Afterwards
// every item that was accepted was seen exactly once, by the owner of its key alone; what one
// worker sent for one key came in order; nothing is under way, nothing is reserved, and the
// accounts balance.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "io/sim/world.h"
#include "keyed_state/testing.h"
#include "ledger/audit.h"

namespace millrace::keyed_state {
namespace {

using testing::key_bytes;

struct Item {
  uint64_t key = 0;
  uint64_t number = 0;  // over all items
};

Parcel parcel_of(const std::vector<Item>& items) {
  return testing::parcel_of(
      static_cast<uint32_t>(items.size()),
      {reinterpret_cast<const char*>(items.data()), items.size() * sizeof(Item)});
}
std::vector<Item> items_of(const Parcel& parcel) {
  const Bytes bytes = parcel.bytes.to_bytes();
  std::vector<Item> items(bytes.size() / sizeof(Item));
  std::memcpy(items.data(), bytes.data(), bytes.size());
  return items;
}

class Simulation {
 public:
  explicit Simulation(uint64_t seed) : seed_(seed), random_(seed), world_(seed, faults()) {
    const size_t count = 1 + random_.below(5);
    for (size_t i = 0; i < count; ++i) loops_.push_back(world_.make_loop("collector"));
    const MailboxLimits limits{.parcels_max = 1 + static_cast<uint32_t>(random_.below(8)),
                               .bytes_max = sizeof(Item) * (1 + random_.below(40))};
    std::vector<io::Loop*> loops;
    for (const auto& loop : loops_) loops.push_back(loop.get());
    workers_ = std::make_unique<testing::Workers>(loops, budget_, ledger_, limits,
                                                  1 + random_.below(3), random_.next());
    reserved_at_start_ = budget_.used();
    seen_.resize(count);
    for (size_t i = 0; i < count; ++i) {
      (*workers_)[i].on_parcel = [this, i](Parcel parcel) { on_parcel(i, std::move(parcel)); };
    }
  }

  void run() {
    for (size_t request = 0; request < 60; ++request) {
      const size_t worker = random_.below(loops_.size());
      world_.after(Duration(random_.below(2'000'000)),
                   [this, worker] { loops_[worker]->post([this, worker] { submit(worker); }); });
    }
    for (size_t round = 0; round < 10; ++round) {
      world_.after(Duration(random_.below(3'000'000)), [this] { audit(); });
    }
    world_.run_for(10s);
    audit();
    world_.run_for(1s);
    check();
    workers_.reset();
    EXPECT_EQ(budget_.used(), 0u);
  }

 private:
  static io::sim::NetworkFaults faults() {
    io::sim::NetworkFaults faults;
    faults.loop_stall = 0.05;
    faults.loop_stall_max = 1ms;
    return faults;
  }

  void submit(size_t worker) {
    std::map<size_t, std::vector<Item>> by_owner;
    const size_t count = 1 + random_.below(12);
    std::vector<Item> items;
    for (size_t i = 0; i < count; ++i) {
      const Item item{random_.below(20), next_number_++};
      items.push_back(item);
      by_owner[workers_->owners.owner_of(key_bytes(item.key))].push_back(item);
    }
    const bool waits = random_.below(2) == 0;
    auto completion = std::make_shared<pipeline::Completion>(
        *loops_[worker], static_cast<uint32_t>(by_owner.size()),
        [this](const pipeline::Verdict&) { ++answered_; });
    std::vector<KeyOwner::Outgoing> parcels;
    for (const auto& [owner, of_owner] : by_owner) {
      parcels.push_back({owner, parcel_of(of_owner)});
      if (!waits) continue;
      parcels.back().parcel.completion = completion;
      parcels.back().parcel.settles_when_owned = true;
    }
    const size_t parcel_count = parcels.size();
    completion.reset();
    if ((*workers_)[worker].submit(std::move(parcels))) {
      for (const Item& item : items) {
        accepted_[item.number] = item.key;
        sent_[{worker, item.key}].push_back(item.number);
      }
      waiting_ += waits ? 1 : 0;
    } else if (waits) {
      // Dropped with its parcels: its callback never runs.
      refused_parcels_ += parcel_count;
    }
  }

  void on_parcel(size_t owner, Parcel parcel) {
    for (const Item& item : items_of(parcel)) {
      EXPECT_EQ(workers_->owners.owner_of(key_bytes(item.key)), owner) << "seed " << seed_;
      seen_[owner].push_back(item);
    }
    Worker& worker = (*workers_)[owner];
    if (random_.below(4) == 0) worker.sample_out_all();
  }
  using Worker = testing::Worker;

  // A round as graph/auditor.h makes it, all at one moment between two events.
  void audit() {
    const ledger::Generations generations = audit_.begin();
    const auto accounts = ledger_.accounts();
    for (const auto& worker : workers_->all) {
      for (ledger::Book& book : worker->books) audit_.open(book.lines());
      ledger::Held held;
      worker->count_held(held);
      audit_.count(held, accounts);
      for (ledger::Book& book : worker->books) book.turn_to(generations);
    }
    workers_->owners.walk(
        [this](const ledger::Account& account, ledger::Generation generation,
               ledger::Amount amount) { audit_.see(account, generation, amount); });
    for (const auto& worker : workers_->all) {
      for (ledger::Book& book : worker->books) audit_.close(book.lines());
    }
    for (const ledger::Finding& finding : audit_.conclude()) {
      ADD_FAILURE() << "seed " << seed_ << ": " << finding.to_text();
    }
  }

  void check() {
    SCOPED_TRACE("seed " + std::to_string(seed_));
    std::set<uint64_t> numbers;
    for (size_t owner = 0; owner < seen_.size(); ++owner) {
      for (const Item& item : seen_[owner]) {
        EXPECT_TRUE(numbers.insert(item.number).second) << "item " << item.number << " twice";
      }
    }
    EXPECT_EQ(numbers.size(), accepted_.size()) << "accepted and never seen, or seen and refused";
    for (const auto& [number, key] : accepted_) EXPECT_TRUE(numbers.contains(number)) << number;
    for (const auto& [from, sent] : sent_) expect_in_order(from.second, sent);
    EXPECT_EQ(answered_, waiting_);
    EXPECT_TRUE(workers_->owners.is_empty());
    EXPECT_EQ(budget_.used(), reserved_at_start_);
    for (const ledger::Imbalance& wrong : ledger_.check(workers_->held())) {
      ADD_FAILURE() << wrong.to_text();
    }
  }

  // What one worker sent for one key is seen in that order.
  void expect_in_order(uint64_t key, const std::vector<uint64_t>& sent) {
    const auto& seen = seen_[workers_->owners.owner_of(key_bytes(key))];
    const std::set<uint64_t> wanted(sent.begin(), sent.end());
    std::vector<uint64_t> got;
    for (const Item& item : seen) {
      if (wanted.contains(item.number)) got.push_back(item.number);
    }
    EXPECT_EQ(got, sent) << "key " << key;
  }

  const uint64_t seed_;
  Random random_;
  io::sim::World world_;
  std::vector<std::unique_ptr<io::Loop>> loops_;
  Budget budget_{64 << 20};
  ledger::Ledger ledger_;
  ledger::Audit audit_;
  std::unique_ptr<testing::Workers> workers_;
  size_t reserved_at_start_ = 0;

  uint64_t next_number_ = 1;
  std::map<uint64_t, uint64_t> accepted_;  // number → key
  std::map<std::pair<size_t, uint64_t>, std::vector<uint64_t>> sent_;
  std::vector<std::vector<Item>> seen_;  // by worker
  size_t waiting_ = 0;
  size_t answered_ = 0;
  size_t refused_parcels_ = 0;
};

TEST(KeyedStateSimulation, EveryItemIsSeenOnceByTheOwnerOfItsKey) {
  const char* const wanted = std::getenv("MILLRACE_KEYED_SEEDS");
  const uint64_t seeds = wanted == nullptr ? 200 : std::strtoull(wanted, nullptr, 10);
  for (uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) Simulation(seed).run();
}

}  // namespace
}  // namespace millrace::keyed_state
