// The same over real loops and threads; the thread sanitizer looks on.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "io/epoll/epoll.h"
#include "keyed_state/partials.h"
#include "keyed_state/testing.h"

namespace millrace::keyed_state {
namespace {

TEST(KeyedStateThreadsTest, WorkersHandOverToOneAnotherWithoutALock) {
  constexpr size_t kWorkers = 3;
  constexpr uint64_t kRequests = 2000;
  std::vector<std::unique_ptr<io::Loop>> owned;
  std::vector<io::Loop*> loops;
  for (size_t i = 0; i < kWorkers; ++i) {
    owned.push_back(std::move(*io::make_epoll_loop()));
    loops.push_back(owned.back().get());
  }
  Budget budget(64 << 20);
  ledger::Ledger ledger;
  {
    testing::Workers workers(loops, budget, ledger, {.parcels_max = 64});
    std::atomic<uint64_t> sent{0};
    std::atomic<uint64_t> finished{0};
    std::function<void(size_t, uint64_t)> submit = [&](size_t worker, uint64_t request) {
      std::vector<KeyOwner::Outgoing> parcels;
      const size_t owner = workers.owners.owner_of(testing::key_bytes(request * kWorkers + worker));
      parcels.push_back({owner, testing::parcel_of(2, "two")});
      if (workers[worker].submit(std::move(parcels))) sent.fetch_add(2);
      if (request + 1 < kRequests) {
        loops[worker]->post([&submit, worker, request] { submit(worker, request + 1); });
      } else {
        finished.fetch_add(1);
      }
    };
    for (size_t i = 0; i < kWorkers; ++i) loops[i]->post([&submit, i] { submit(i, 0); });
    std::vector<std::thread> threads;
    for (io::Loop* loop : loops) threads.emplace_back([loop] { loop->run(); });
    ledger::Held watched;  // walks while others put and take
    while (finished.load() < kWorkers || !workers.owners.is_empty()) {
      workers.owners.count_held(watched);
      std::this_thread::yield();
    }
    for (io::Loop* loop : loops) loop->stop();
    for (std::thread& thread : threads) thread.join();
    uint64_t held = 0;
    for (const auto& worker : workers.all) held += worker->held.items;
    EXPECT_EQ(held, sent.load());
    EXPECT_TRUE(ledger.check(workers.held()).empty());
    for (io::Loop* loop : loops) loop->drop_tasks();
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(KeyedStateThreadsTest, PartsAreReadWhileTheirWorkersCount) {
  using Part = uint64_t;
  constexpr uint64_t kTurns = 5000;
  auto reading = std::move(*io::make_epoll_loop());
  auto counting = std::move(*io::make_epoll_loop());
  Part part = 0;
  uint64_t total = 0;
  uint64_t counted = 0;
  PartialReader<Part, Part> reader(*reading, {{counting.get(), &part}});
  const auto take = [](Part& from, uint64_t& cursor) -> std::optional<Part> {
    if (cursor++ != 0) return std::nullopt;
    return std::exchange(from, 0);
  };
  std::atomic<bool> is_counted{false};
  std::function<void()> count = [&] {
    ++part;
    if (++counted < kTurns) {
      counting->post([&count] { count(); });
    } else {
      is_counted.store(true);
    }
  };
  std::function<void()> read = [&] {
    const bool is_last = is_counted.load();
    reader.read(
        take, [&](size_t, Part piece) { total += piece; },
        [&, is_last] { is_last ? reading->stop() : read(); });
  };
  counting->post([&count] { count(); });
  reading->post([&read] { read(); });
  std::thread first([&] { reading->run(); });
  std::thread second([&] { counting->run(); });
  first.join();
  counting->stop();
  second.join();
  EXPECT_EQ(total, kTurns);
}

}  // namespace
}  // namespace millrace::keyed_state
