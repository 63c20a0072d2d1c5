// The lanes on threads of their own and callers on others: nothing is counted twice or not at all.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>

#include "io/sim/sim_disk.h"
#include "segment_log/log.h"

namespace millrace::segment_log {
namespace {

class SharedLossCounter final : public Observer {
 public:
  void on_lost(TargetId, Loss, Amount untaken, RecordRange) override { records += untaken.records; }
  void on_room() override {}
  std::atomic<uint64_t> records = 0;
};

struct Totals {
  std::atomic<uint64_t> entered = 0;  // untaken when appended, or taken
  std::atomic<uint64_t> finished = 0;
  std::atomic<uint64_t> answers = 0;
  std::atomic<uint64_t> appended = 0;
};

// Appends with one target taken and one not, finishes and gives back.
void append_some(Log& log, TargetId a, TargetId b, int count, Totals& totals) {
  const Rope payload(Bytes::copy_of(std::string(600, 'x')));
  for (int i = 0; i < count; ++i) {
    const NewRecord::Want wants[] = {{a, true}, {b, false}};
    NewRecord record;
    record.item_count = 1;
    record.admitted_bytes = 600;
    record.admitted_at = WallTime(1'700'000'000s);
    record.bytes = payload;
    record.wants = wants;
    const Result<RecordId> id =
        log.append(std::move(record), [&totals](const Status&) { ++totals.answers; });
    if (!id) {
      log.tick();
      continue;
    }
    ++totals.appended;
    totals.entered += 2;
    if (i % 3 == 0) {
      log.untake(a, *id, {1, 1, 600, 600});
    } else {
      log.finish(a, *id);
      ++totals.finished;
    }
  }
}

void take_some(Log& log, TargetId target, int count, Totals& totals) {
  for (int i = 0; i < count; ++i) {
    std::promise<std::vector<Record>> read;
    const Order order = i % 2 == 0 ? Order::kOldestFirst : Order::kNewestFirst;
    log.take(target, 5000, order,
             [&read](std::vector<Record> records) { read.set_value(std::move(records)); });
    int n = 0;
    for (const Record& record : read.get_future().get()) {
      if (n++ % 4 == 0) {
        log.untake(target, record.id, {1, 1, 600, 600});
      } else {
        log.finish(target, record.id);
        ++totals.finished;
      }
    }
    log.tick();
    static_cast<void>(log.numbers());
    static_cast<void>(log.trouble());
  }
}

void run_threads(io::Disk& disk, const std::string& directory, Options options,
                 const std::function<void()>& meanwhile, Cap cap = {}) {
  options.directory = directory;
  const auto writes = io::make_executor("writes");
  const auto reads = io::make_executor("reads");
  SharedLossCounter losses;
  Totals totals;
  auto opened = Log::open(options, {.disk = disk,
                                    .writes = *writes,
                                    .reads = *reads,
                                    .wall_clock = [] { return WallTime(1'700'000'000s); },
                                    .log = nullptr,
                                    .at_point = {}});
  ASSERT_TRUE(opened) << opened.error().message;
  Log& log = **opened;
  const TargetId a = log.target({Signal::kTraces, "traces", "a"}).value();
  const TargetId b = log.target({Signal::kLogs, "logs", "b"}).value();
  log.observe(&losses);
  log.set_cap(std::vector{b}, cap);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] { append_some(log, a, b, 200, totals); });
  }
  threads.emplace_back([&] { take_some(log, a, 60, totals); });
  threads.emplace_back([&] { take_some(log, b, 60, totals); });
  if (cap.payload_bytes_max != 0) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        static_cast<void>(log.give_up_oldest(std::vector{a}, UINT64_MAX));
        EXPECT_LE(log.untaken_records(a), totals.entered.load() + 3);
      }
    });
  }
  meanwhile();
  for (std::thread& thread : threads) thread.join();
  std::promise<void> closed;
  log.close([&closed] { closed.set_value(); });
  closed.get_future().wait();
  EXPECT_EQ(totals.answers, totals.appended);
  EXPECT_EQ(totals.entered,
            totals.finished + losses.records + log.untaken(a).records + log.untaken(b).records);
}

std::string fresh_directory(const std::string& name) {
  const std::string path =
      testing::TempDir() + "millrace_" + name + "." + std::to_string(::getpid());
  std::filesystem::remove_all(path);
  return path;
}

TEST(LogThreadTest, CallersAndLanesTogether) {
  const std::string directory = fresh_directory("log_threads");
  const auto disk = io::make_disk();
  run_threads(*disk, directory, {.segment_bytes = 32 * 1024}, [] {});
  std::filesystem::remove_all(directory);
}

TEST(LogThreadTest, SegmentsAreDroppedUnderTheReaders) {
  io::sim::SimDisk disk(3);
  run_threads(disk, "d", {.bytes_max = 48 * 1024, .on_full = OnFull::kDropOldest}, [] {});
}

TEST(LogThreadTest, TargetsGiveUpTheirOldestMeanwhile) {
  io::sim::SimDisk disk(5);
  run_threads(disk, "d", {.segment_bytes = 16 * 1024}, [] {}, {.payload_bytes_max = 20'000});
}

TEST(LogThreadTest, TheDiskFailsMeanwhile) {
  io::sim::SimDisk disk(4);
  run_threads(disk, "d", {.segment_bytes = 16 * 1024}, [&disk] {
    for (int i = 0; i < 50; ++i) {
      disk.fail_call(7, io::sim::SimDisk::Failure::kInputOutput);
      std::this_thread::yield();
    }
  });
}

TEST(LogThreadTest, TheNextStartFindsWhatAnotherThreadWrote) {
  const std::string directory = fresh_directory("log_restart");
  const auto disk = io::make_disk();
  for (uint64_t run = 0; run < 3; ++run) {
    const auto writes = io::make_executor("writes");
    const auto reads = io::make_executor("reads");
    auto opened = Log::open({.directory = directory, .segment_bytes = 32 * 1024},
                            {.disk = *disk,
                             .writes = *writes,
                             .reads = *reads,
                             .wall_clock = [] { return WallTime(1'700'000'000s); },
                             .log = nullptr,
                             .at_point = {}});
    ASSERT_TRUE(opened) << opened.error().message;
    Log& log = **opened;
    const TargetId a = log.target({Signal::kTraces, "traces", "a"}).value();
    const TargetId b = log.target({Signal::kTraces, "traces", "b"}).value();
    EXPECT_EQ(log.untaken(a).records, run * 67);
    EXPECT_EQ(log.untaken(b).records, run * 200);
    const auto second =
        Log::open({.directory = directory}, {.disk = *disk,
                                             .writes = *writes,
                                             .reads = *reads,
                                             .wall_clock = [] { return WallTime(1'700'000'000s); },
                                             .log = nullptr,
                                             .at_point = {}});
    EXPECT_FALSE(second);
    Totals totals;
    append_some(log, a, b, 200, totals);
    std::promise<void> closed;
    log.close([&closed] { closed.set_value(); });
    closed.get_future().wait();
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace millrace::segment_log
