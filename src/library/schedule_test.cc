// Random schedules: a seed (and the system's scheduler) determines the order in which threads
// start, collect, stop, flush and shut down, and whether exporters answer, fail, refuse or throw.
// After each schedule the ledger balances exactly.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/random.h"
#include "library/testing/recorder.h"
#include "millrace/collector.h"

namespace millrace::v1 {
namespace {

using library::testing::config_with;
using namespace std::chrono_literals;

class MoodyExporter final : public Exporter {
 public:
  explicit MoodyExporter(uint64_t seed) : random_(seed) {}
  ExportResult export_batch(const BatchRef& batch, Deadline) override {
    const uint64_t mood = random_.below(20);
    if (mood == 0) return {.kind = ExportResult::Kind::kRetry, .retry_after_ms = 1};
    if (mood == 1) return {.kind = ExportResult::Kind::kRefused};
    if (mood == 2) throw std::runtime_error("bad mood");
    if (mood == 3) {
      delivered += batch->item_count() - 1;
      return {.rejected_count = 1};
    }
    delivered += batch->item_count();
    return {};
  }
  std::atomic<uint64_t> delivered{0};

 private:
  Random random_;
};

struct Tally {
  std::atomic<uint64_t> ok{0};
  std::atomic<uint64_t> full{0};
  std::atomic<uint64_t> shut{0};
};

// The sums over all schedules: a thousand that never filled a buffer would prove little.
struct Seen {
  uint64_t schedules = 0;
  uint64_t collected = 0;
  uint64_t refused_full = 0;
  uint64_t refused_shut_down = 0;
  uint64_t delivered = 0;
  uint64_t exceptions = 0;
  uint64_t clean_ends = 0;  // shutdowns without drops
  DropCounts dropped = {};

  void add(const Statistics& statistics, const Tally& tally, bool is_clean) {
    ++schedules;
    collected += tally.ok;
    refused_full += tally.full;
    refused_shut_down += tally.shut;
    delivered += statistics.exported();
    exceptions += statistics.exporter_exceptions;
    clean_ends += is_clean ? 1 : 0;
    for (size_t i = 0; i < kDropReasonCount; ++i) {
      dropped[i] += statistics.dropped(static_cast<DropReason>(i));
    }
  }
  uint64_t of(DropReason reason) const { return dropped[static_cast<size_t>(reason)]; }
};

void collect_some(Collector& collector, uint64_t seed, Tally& tally) {
  Random random(seed);
  SpanBuilder builder("built", 1);
  const uint64_t count = random.below(60);
  const std::string large_text(6000, 'x');
  const uint64_t text_bytes_max = random.chance(0.3) ? large_text.size() : 10;
  for (uint64_t i = 0; i < count; ++i) {
    Status status;
    switch (random.below(5)) {
      case 0:
        status = collector.collect(Span{.name = "value"}.set("key", std::string(i % 50, 'x')));
        break;
      case 2:
        status = collector.collect(MetricPoint{.name = "point"});
        break;
      case 1:
        status = collector.collect(LogRecord{.body = "line"});
        break;
      default:
        builder.reset("built", 1);
        // Some items are large, so that chunks fill up and pass through the ring.
        builder.set("key", std::string_view(large_text).substr(0, random.below(text_bytes_max)));
        status = collector.collect(builder);
    }
    if (status.code() == ErrorCode::kShutDown) {
      ++tally.shut;
    } else if (status.ok()) {
      ++tally.ok;
    } else {
      EXPECT_EQ(status.code(), ErrorCode::kBufferFull);
      ++tally.full;
    }
    if (random.chance(0.02)) std::this_thread::yield();
    if (random.chance(0.005))
      static_cast<void>(collector.flush(std::chrono::milliseconds(random.below(3))));
  }
}

Config random_config(Random& random, std::shared_ptr<Exporter> exporter) {
  constexpr OnFull kOnFull[] = {OnFull::kReject, OnFull::kDropNewest, OnFull::kDropOldest};
  Config config = config_with(std::move(exporter));
  config.on_full = kOnFull[random.below(3)];
  config.buffer_capacity = random.chance(0.5) ? 2 + random.below(50) : 1100 + random.below(5000);
  config.buffer_bytes = (size_t{64} << 10) << random.below(4);
  config.batch_size = static_cast<uint32_t>(1 + random.below(40));
  config.batch_timeout_ms = static_cast<uint32_t>(1 + random.below(20));
  config.batching = random.chance(0.5) ? Batching::kAdaptive : Batching::kFixed;
  config.linger_ms = 1;
  return config;
}

void run_schedule(uint64_t seed, Seen& seen) {
  SCOPED_TRACE(seed);
  Random random(seed);
  auto exporter = std::make_shared<MoodyExporter>(random.next());
  auto created = Collector::create(random_config(random, exporter));
  ASSERT_TRUE(created.ok()) << created.error().message;
  Collector collector = std::move(*created);
  Tally tally;
  std::vector<std::thread> threads;
  const uint64_t steps = 2 + random.below(5);
  for (uint64_t step = 0; step < steps; ++step) {
    if (threads.empty() || random.chance(0.7)) {
      threads.emplace_back([&collector, &tally, seed_of_thread = random.next()] {
        collect_some(collector, seed_of_thread, tally);
      });
    } else {
      threads.back().join();
      threads.pop_back();
    }
    if (random.chance(0.2)) static_cast<void>(collector.flush(20ms));
  }
  // In half of the schedules threads still collect.
  const bool is_late = random.chance(0.5);
  if (!is_late) {
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }
  const Status end = collector.shutdown(std::chrono::milliseconds(random.below(30)));
  for (std::thread& thread : threads) thread.join();

  const Statistics statistics = collector.statistics();
  EXPECT_EQ(statistics.collected(), tally.ok);
  uint64_t full = 0;
  uint64_t shut = 0;
  for (const SignalStatistics& one : statistics.signals) {
    full += one.refused_buffer_full;
    shut += one.refused_shut_down;
    EXPECT_EQ(one.buffered, 0U);
  }
  EXPECT_EQ(full, tally.full);
  EXPECT_EQ(shut, tally.shut);
  EXPECT_EQ(statistics.queued(), 0U);
  EXPECT_TRUE(statistics.balances());
  // A call that outlasts the shutdown may deliver an item that was counted as dropped, never
  // otherwise.
  EXPECT_LE(statistics.exported(), exporter->delivered);
  if (end.ok()) {
    EXPECT_EQ(statistics.exported(), exporter->delivered);
  }
  seen.add(statistics, tally, end.ok());
}

TEST(ScheduleTest, TheLedgerBalancesToTheSpan) {
  Seen seen;
  for (uint64_t seed = 1; seed <= 1000 && !HasFailure(); ++seed) run_schedule(seed, seen);
  EXPECT_EQ(seen.schedules, 1000U);
  EXPECT_GT(seen.collected, 10'000U);
  EXPECT_GT(seen.delivered, 10'000U);
  EXPECT_GT(seen.refused_full, 0U);
  EXPECT_GT(seen.refused_shut_down, 0U);
  EXPECT_GT(seen.exceptions, 0U);
  EXPECT_GT(seen.clean_ends, 0U);
  for (const DropReason reason : {DropReason::kBufferFull, DropReason::kDropOldest,
                                  DropReason::kRefused, DropReason::kDeadline}) {
    EXPECT_GT(seen.of(reason), 0U) << drop_reason_name(reason);
  }
}

}  // namespace
}  // namespace millrace::v1
