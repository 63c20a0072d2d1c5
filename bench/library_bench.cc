// The library's costs, one part a call; library.py runs them all and prints the table.
//
//   library_bench cost            ns of the calling thread's CPU time a span, at 1, 2, 4, 8 threads
//   library_bench memory          resident with 100,000 spans queued for a back end that is not
//   there library_bench send URL COUNT RATE   COUNT numbered spans at RATE a second (0: as fast as
//   it goes)
//
// A span has ten attributes (six texts of about ten bytes, a long text, two integers, a double), as
// instrumented HTTP servers write them; about 370 bytes encoded.
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "library_point_cost.h"
#include "millrace/collector.h"

namespace {

using namespace std::chrono_literals;
namespace api = millrace::v1;

int complain(const api::Error& error) {
  std::fprintf(stderr, "library_bench: %s\n", error.message.c_str());
  return 1;
}

double thread_cpu_ns() {
  timespec time;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

uint64_t time_stamp() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
#endif
}

double ticks_per_ns() {
  timespec before;
  timespec after;
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  const uint64_t first = time_stamp();
  do {
    ::clock_gettime(CLOCK_MONOTONIC, &after);
  } while ((after.tv_sec - before.tv_sec) * 1'000'000'000 + after.tv_nsec - before.tv_nsec <
           50'000'000);
  const auto ns = static_cast<double>((after.tv_sec - before.tv_sec) * 1'000'000'000 +
                                      after.tv_nsec - before.tv_nsec);
  return static_cast<double>(time_stamp() - first) / ns;
}

template <class Span>
void fill(Span& span, int64_t number) {
  span.set("http.request.method", "GET");
  span.set("url.path", "/api/cart/12345");
  span.set("http.response.status_code", 200);
  span.set("server.address", "cart.shop");
  span.set("server.port", number);
  span.set("network.protocol.version", "1.1");
  span.set("client.address", "10.2.33.44");
  span.set("url.scheme", "http");
  span.set("http.route", "/api/cart/{id}");
  span.set("app.total", 42.5);
}

api::TraceId trace_id_of(uint64_t number) {
  api::TraceId id = {1};
  std::memcpy(id.data() + 8, &number, 8);
  return id;
}
api::SpanId span_id_of(uint64_t number) {
  api::SpanId id;
  number |= uint64_t{1} << 63;
  std::memcpy(id.data(), &number, 8);
  return id;
}

// The three ways; each makes one span and hands it over. False: there was no room.
struct ByBuilder {
  static constexpr const char* kName = "builder";
  api::Collector& collector;
  bool operator()(uint64_t number) {
    api::SpanBuilder span("GET /api/cart/{id}", 1'760'000'000'000'000'000 + number);
    span.set_trace_id(trace_id_of(number)).set_span_id(span_id_of(number));
    span.set_parent(span_id_of(number + 1)).set_kind(api::SpanKind::kServer);
    span.set_end(1'760'000'000'000'001'000 + number);
    fill(span, static_cast<int64_t>(number & 0xffff));
    return collector.collect(span).ok();
  }
};

api::Span make_span(uint64_t number) {
  api::Span span;
  span.trace_id = trace_id_of(number);
  span.span_id = span_id_of(number);
  span.parent_span_id = span_id_of(number + 1);
  span.name = "GET /api/cart/{id}";
  span.kind = api::SpanKind::kServer;
  span.start_time_unix_nano = 1'760'000'000'000'000'000 + number;
  span.end_time_unix_nano = span.start_time_unix_nano + 1000;
  fill(span, static_cast<int64_t>(number & 0xffff));
  return span;
}

// A Span that is there already: what collect() itself costs.
struct BySpan {
  static constexpr const char* kName = "Span value";
  api::Collector& collector;
  api::Span span = make_span(1);
  bool operator()(uint64_t number) {
    span.trace_id = trace_id_of(number);
    span.span_id = span_id_of(number);
    return collector.collect(span).ok();
  }
};

struct BySpanMade {
  static constexpr const char* kName = "Span value, made anew";
  api::Collector& collector;
  bool operator()(uint64_t number) { return collector.collect(make_span(number)).ok(); }
};

// What one would write first: a deque of spans under a mutex, emptied by a thread that encodes.
class Twin {
 public:
  Twin() : thread_([this] { work(); }) {}
  ~Twin() {
    is_ending_ = true;
    thread_.join();
  }
  bool collect(api::Span span) {
    const std::lock_guard lock(mutex_);
    if (spans_.size() >= 1'000'000) return false;
    spans_.push_back(std::move(span));
    return true;
  }

 private:
  void work() {
    while (!is_ending_) {
      std::this_thread::sleep_for(4ms);
      std::deque<api::Span> taken;
      {
        const std::lock_guard lock(mutex_);
        taken.swap(spans_);
      }
    }
  }
  std::mutex mutex_;
  std::deque<api::Span> spans_;
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};
struct ByTwin {
  static constexpr const char* kName = "mutex and deque of Spans";
  Twin& twin;
  bool operator()(uint64_t number) { return twin.collect(make_span(number)); }
};

class Discard final : public api::Exporter {
 public:
  api::ExportResult export_batch(const api::BatchRef&, Deadline) override { return {}; }
};

// Bursts with pauses, so that what empties the buffer gets its turn on a small machine: the cost is
// the caller's alone.
constexpr int kBurst = 500;
constexpr int kSpansPerRun = 400'000;

template <class Way>
void measure(int thread_count, double ticks, Way way) {
  std::vector<double> cpu(static_cast<size_t>(thread_count));
  std::vector<std::vector<float>> times(static_cast<size_t>(thread_count));
  std::atomic<uint64_t> lost{0};
  std::vector<std::thread> threads;
  const int bursts = kSpansPerRun / kBurst / thread_count;
  for (size_t index = 0; index < cpu.size(); ++index) {
    threads.emplace_back([&, index, mine = way]() mutable {
      times[index].reserve(static_cast<size_t>(bursts * kBurst / 2));
      uint64_t number = index << 32;
      for (int burst = 0; burst < bursts; ++burst) {
        std::this_thread::sleep_for(500us * thread_count);
        // Every other burst is timed span by span, which costs a little by itself.
        if (burst % 2 == 0) {
          const double before = thread_cpu_ns();
          for (int i = 0; i < kBurst; ++i) lost += mine(++number) ? 0 : 1;
          cpu[index] += thread_cpu_ns() - before;
        } else {
          for (int i = 0; i < kBurst; ++i) {
            const uint64_t before = time_stamp();
            lost += mine(++number) ? 0 : 1;
            times[index].push_back(static_cast<float>(time_stamp() - before));
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  double sum = 0;
  for (const double one : cpu) sum += one;
  std::vector<float> all;
  for (const auto& one : times) all.insert(all.end(), one.begin(), one.end());
  std::sort(all.begin(), all.end());
  const auto percentile = [&](double share) {
    return static_cast<double>(all[static_cast<size_t>(share * static_cast<double>(all.size()))]) /
           ticks;
  };
  const double timed = static_cast<double>((bursts + 1) / 2) * kBurst * thread_count;
  std::printf("%-26s %d threads  mean %6.1f  p50 %6.0f  p99 %6.0f  p99.9 %7.0f ns  lost %llu\n",
              Way::kName, thread_count, sum / timed, percentile(0.5), percentile(0.99),
              percentile(0.999), static_cast<unsigned long long>(lost.load()));
  std::fflush(stdout);
}

int cost() {
  const double ticks = ticks_per_ns();
  api::Config config;
  config.endpoint.clear();
  config.exporters = {std::make_shared<Discard>()};
  config.buffer_capacity = 1'000'000;
  config.buffer_bytes = size_t{512} << 20;
  auto collector = api::Collector::create(config);
  if (!collector) return complain(collector.error());
  Twin twin;
  for (const int threads : {1, 2, 4, 8}) {
    measure(threads, ticks, ByBuilder{*collector});
    measure(threads, ticks, BySpan{*collector});
    measure(threads, ticks, BySpanMade{*collector});
    measure(threads, ticks, ByTwin{twin});
  }
  return collector->shutdown(10s).ok() ? 0 : 1;
}

double resident_mb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "VmRSS:") continue;
    double kib = 0;
    status >> kib;
    return kib * 1024 / 1e6;
  }
  return 0;
}

int memory() {
  api::Config config;
  config.endpoint = "http://127.0.0.1:1";  // refuses
  auto collector = api::Collector::create(config);
  if (!collector) return complain(collector.error());
  const double before = resident_mb();
  ByBuilder way{*collector};
  uint64_t taken = 0;
  for (uint64_t number = 0; number < 100'000; ++number) taken += way(number) ? 1 : 0;
  std::this_thread::sleep_for(500ms);
  const api::Statistics statistics = collector->statistics();
  std::printf("resident %.1f MB, before %.1f MB; %llu of 100000 spans queued, %.1f MB in chunks\n",
              resident_mb(), before, static_cast<unsigned long long>(statistics.queued()),
              static_cast<double>(statistics.buffer_bytes) / 1e6);
  return taken == 100'000 ? 0 : 1;
}

// Ids as `millrace generate` numbers them, so that the sink finds loss, repetition and latency.
void set_numbered_ids(api::SpanBuilder& span, uint64_t number) {
  const auto write = [](uint8_t* into, uint64_t value) {
    value = __builtin_bswap64(value);
    std::memcpy(into, &value, 8);
  };
  const uint64_t id = uint64_t{0xA7} << 56 | uint64_t{1} << 40 | number;
  api::SpanId span_id;
  write(span_id.data(), id);
  api::TraceId trace_id;
  write(trace_id.data(), id);
  uint64_t mixed = id;  // the finalizer of SplitMix64
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  write(trace_id.data() + 8, mixed ^ (mixed >> 31));
  span.set_trace_id(trace_id).set_span_id(span_id);
}

int send(const char* url, uint64_t count, uint64_t rate) {
  api::Config config;
  config.endpoint = url;
  auto collector = api::Collector::create(config);
  if (!collector) return complain(collector.error());
  const auto start = std::chrono::steady_clock::now();
  uint64_t refused = 0;
  for (uint64_t number = 0; number < count; ++number) {
    if (rate != 0 && number % 10 == 0) {
      const auto due = start + std::chrono::nanoseconds(number * 1'000'000'000 / rate);
      if (std::chrono::steady_clock::now() < due) std::this_thread::sleep_until(due);
    }
    for (;;) {
      const uint64_t now = api::now_unix_nano();
      api::SpanBuilder span("GET /api/cart/{id}", now);
      set_numbered_ids(span, number);
      span.set_end(now);
      fill(span, 8080);
      if (collector->collect(span).ok()) break;
      ++refused;  // a full buffer is waited for: the sink must get every one
      std::this_thread::sleep_for(200us);
    }
  }
  const bool is_complete = collector->shutdown(60s).ok();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  timespec cpu;
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  std::printf("%llu spans in %.2f s: %.0f/s, %.2f CPU-seconds per million, %llu waits for room%s\n",
              static_cast<unsigned long long>(count), seconds, static_cast<double>(count) / seconds,
              (static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) / 1e9) * 1e6 /
                  static_cast<double>(count),
              static_cast<unsigned long long>(refused), is_complete ? "" : ", INCOMPLETE");
  return is_complete && collector->statistics().balances() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string part = argc > 1 ? argv[1] : "";
  if (part == "cost") return cost();
  if (part == "points") return point_cost();
  if (part == "memory") return memory();
  if (part == "send" && argc == 5) {
    return send(argv[2], std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10));
  }
  std::fprintf(stderr, "usage: library_bench cost | points | memory | send URL COUNT RATE\n");
  return 2;
}
