// Appending records with a sync for each commit, on the real disk (in $TMPDIR or /var/tmp), and the
// start with a backlog, for which it writes up to 10 GB. CPU is the whole process's, lanes
// included.
//
//   build/release-tests/log_bench --benchmark_counters_tabular=true
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <string>

#include "segment_log/log.h"

namespace millrace::segment_log {
namespace {

double cpu_seconds() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Directory {
 public:
  Directory() {
    const char* const base = std::getenv("TMPDIR");
    path_ = std::string(base != nullptr ? base : "/var/tmp") + "/log_bench." +
            std::to_string(::getpid());
    std::filesystem::remove_all(path_);
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct World {
  std::unique_ptr<io::Disk> disk = io::make_disk();
  std::unique_ptr<io::Executor> writes = io::make_executor("writes");
  std::unique_ptr<io::Executor> reads = io::make_executor("reads");
};

std::unique_ptr<Log> open_log(World& world, const std::string& directory) {
  return Log::open({.directory = directory},
                   {.disk = *world.disk,
                    .writes = *world.writes,
                    .reads = *world.reads,
                    .wall_clock = [] { return WallTime(std::chrono::system_clock::now()); },
                    .log = nullptr,
                    .at_point = {}})
      .value();
}

void close_log(Log& log) {
  std::promise<void> closed;
  log.close([&closed] { closed.set_value(); });
  closed.get_future().wait();
}

NewRecord record_of(const Rope& payload, std::span<const NewRecord::Want> wants) {
  NewRecord record;
  record.item_count = 100;
  record.admitted_bytes = static_cast<uint32_t>(payload.size());
  record.admitted_at = WallTime(std::chrono::system_clock::now());
  record.bytes = payload;
  record.wants = wants;
  return record;
}

Rope payload_of(size_t size) {
  std::string bytes(size, '\0');
  Random random(size);
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  return Rope(Bytes::copy_of(bytes));
}

// range(0): bytes of a record, range(1): records that wait for their sync at any time.
void append_synced(benchmark::State& state) {
  Directory directory;
  World world;
  const std::unique_ptr<Log> log = open_log(world, directory.path());
  const TargetId target = log->target({Signal::kTraces, "traces", "bench"}).value();
  const Rope payload = payload_of(static_cast<size_t>(state.range(0)));
  const NewRecord::Want wants[] = {{target, true}};
  std::atomic<int64_t> waiting = 0;
  const double cpu_before = cpu_seconds();
  for (auto _ : state) {
    waiting.fetch_add(1);
    const RecordId id = log->append(record_of(payload, wants),
                                    [&waiting](const Status&) {
                                      waiting.fetch_sub(1);
                                      waiting.notify_one();
                                    })
                            .value();
    benchmark::DoNotOptimize(id);
    // As a destination that keeps up: what is older than the window is done.
    log->finish(target, id);
    for (int64_t now = waiting.load(); now >= state.range(1); now = waiting.load()) {
      waiting.wait(now);
    }
  }
  for (int64_t now = waiting.load(); now > 0; now = waiting.load()) waiting.wait(now);
  const double cpu = cpu_seconds() - cpu_before;
  const auto megabytes =
      static_cast<double>(state.iterations()) * static_cast<double>(payload.size()) / 1e6;
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(payload.size()));
  state.counters["cpu_s_per_GB"] = cpu / megabytes * 1000;
  state.counters["records_per_commit"] =
      static_cast<double>(state.iterations()) / static_cast<double>(log->numbers().commits);
  close_log(*log);
}
BENCHMARK(append_synced)
    ->Args({64 << 10, 1})
    ->Args({64 << 10, 8})
    ->Args({64 << 10, 32})
    ->Args({45'000, 32})
    ->Args({450'000, 8})
    ->UseRealTime();

// What every request asks of a destination with storage, by the lock and without it.
enum class Ask : uint8_t { kAmount, kRecords };
template <Ask ask>
void ask_untaken(benchmark::State& state) {
  static std::unique_ptr<Directory> directory;
  static std::unique_ptr<World> world;
  static std::unique_ptr<Log> log;
  if (state.thread_index() == 0) {
    directory = std::make_unique<Directory>();
    world = std::make_unique<World>();
    log = open_log(*world, directory->path());
  }
  for (auto _ : state) {
    if constexpr (ask == Ask::kAmount) {
      benchmark::DoNotOptimize(log->untaken(0).records);
    } else {
      benchmark::DoNotOptimize(log->untaken_records(0));
    }
  }
  if (state.thread_index() != 0) return;
  close_log(*log);
  log.reset();
  world.reset();
  directory.reset();
}
BENCHMARK(ask_untaken<Ask::kAmount>)->Threads(1)->Threads(2);
BENCHMARK(ask_untaken<Ask::kRecords>)->Threads(1)->Threads(2);

// Nothing of the files stays in the page cache; needs no rights, for all of them are synced.
void drop_from_page_cache(const std::string& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

// Writes `records` untaken records; every seventh is finished when `is_mixed`, so
// that each segment needs its index at the start.
void write_backlog(const std::string& directory, const Rope& payload, uint64_t records,
                   bool is_mixed) {
  World world;
  const std::unique_ptr<Log> log = open_log(world, directory);
  const TargetId target = log->target({Signal::kTraces, "traces", "bench"}).value();
  std::atomic<uint64_t> written = 0;
  for (uint64_t i = 0; i < records; ++i) {
    const bool is_finished = is_mixed && i % 7 == 0;
    const NewRecord::Want wants[] = {{target, is_finished}};
    const auto id = log->append(record_of(payload, wants), [&written](const Status&) {
      written.fetch_add(1);
      written.notify_one();
    });
    if (is_finished) log->finish(target, id.value());
    for (uint64_t now = written.load(); now + 64 < i; now = written.load()) written.wait(now);
  }
  close_log(*log);
}

// range(0): bytes of a record, range(1): MB of backlog, range(2): the files are in the page cache,
// range(3): a part of each segment is finished.
void start_with_backlog(benchmark::State& state) {
  Directory directory;
  const Rope payload = payload_of(static_cast<size_t>(state.range(0)));
  const auto records = static_cast<uint64_t>(state.range(1)) * 1'000'000 / payload.size();
  const bool is_mixed = state.range(3) != 0;
  write_backlog(directory.path(), payload, records, is_mixed);
  const uint64_t left = is_mixed ? records - (records + 6) / 7 : records;
  for (auto _ : state) {
    state.PauseTiming();
    if (state.range(2) == 0) drop_from_page_cache(directory.path());
    World world;
    state.ResumeTiming();
    const std::unique_ptr<Log> log = open_log(world, directory.path());
    state.PauseTiming();
    if (log->untaken(0).records != left) state.SkipWithError("records are missing");
    close_log(*log);
    state.ResumeTiming();
  }
  state.counters["ms_per_GB"] = benchmark::Counter(
      static_cast<double>(state.range(1)) / 1000 / 1000 * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(start_with_backlog)
    ->ArgNames({"record", "MB", "cached", "mixed"})
    ->Args({64 << 10, 1000, 1, 0})
    ->Args({4500, 1000, 1, 0})
    ->Args({64 << 10, 10'000, 0, 1})
    ->Args({4500, 10'000, 0, 1})
    ->Iterations(3)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// Reading a backlog back, 1 MiB at a time. range(0): bytes of a record.
void drain_backlog(benchmark::State& state) {
  Directory directory;
  World world;
  const std::unique_ptr<Log> log = open_log(world, directory.path());
  const TargetId target = log->target({Signal::kTraces, "traces", "bench"}).value();
  const Rope payload = payload_of(static_cast<size_t>(state.range(0)));
  const NewRecord::Want wants[] = {{target, true}};
  const size_t records = 256'000'000 / payload.size();
  std::vector<RecordId> ids;
  std::atomic<uint64_t> written = 0;
  for (size_t i = 0; i < records; ++i) {
    ids.push_back(log->append(record_of(payload, wants),
                              [&written](const Status&) {
                                written.fetch_add(1);
                                written.notify_one();
                              })
                      .value());
    for (uint64_t now = written.load(); now + 64 < i; now = written.load()) written.wait(now);
  }
  for (uint64_t now = written.load(); now < records; now = written.load()) written.wait(now);
  double cpu = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (const RecordId id : ids) {
      log->untake(target, id, {1, 100, payload.size(), payload.size()});
    }
    const double before = cpu_seconds();
    state.ResumeTiming();
    for (size_t taken = 0; taken < records;) {
      std::promise<size_t> read;
      log->take(target, 1 << 20, Order::kOldestFirst,
                [&read](std::vector<Record> batch) { read.set_value(batch.size()); });
      taken += read.get_future().get();
    }
    cpu += cpu_seconds() - before;
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(records * payload.size()));
  state.counters["cpu_s_per_GB"] = cpu / static_cast<double>(state.iterations()) / 0.256;
  close_log(*log);
}
BENCHMARK(drain_backlog)
    ->Arg(64 << 10)
    ->Arg(4500)
    ->Arg(500)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace millrace::segment_log
