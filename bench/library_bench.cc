// The library's costs, one part a call; library.py runs them all and prints the table.
//
//   library_bench cost [--strict]     ns of the calling thread's CPU time a span, at 1, 2, 4, 8
//                                     threads, beside a mutex and a deque
//   library_bench points              the same of a metric point (library_point_cost.cc)
//   library_bench memory [--strict]   resident with 100,000 spans queued for a back end that is not
//                                     there
//   library_bench send URL COUNT RATE [--strict]   COUNT numbered spans at RATE a second; 0: as
//                                     fast as it goes
//
// A goal that was missed is said so, and with --strict it is the exit code 3.
//
// A span has ten attributes (six texts of about ten bytes, a long text, two integers, a double), as
// instrumented HTTP servers write them; about 370 bytes encoded.
#include <algorithm>
#include <atomic>
#include <chrono>
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
#include "measure.h"
#include "millrace/collector.h"

namespace {

using namespace std::chrono_literals;
using millrace::bench::Clock;
using millrace::bench::Figures;
using millrace::bench::kThreadCounts;
using millrace::bench::measure;
namespace api = millrace::v1;

constexpr double kBuilderNsMax = 150;
constexpr double kSpanNsMax = 400;
constexpr double kMemoryMbMax = 60;
constexpr double kSpansPerSecondMin = 1e6;

int complain(const api::Error& error) {
  std::fprintf(stderr, "library_bench: %s\n", error.message.c_str());
  return 1;
}

// The figures that the library should reach.
class Goals {
 public:
  explicit Goals(bool is_strict) : is_strict_(is_strict) {}
  void expect(bool is_met, const char* goal) {
    if (is_met) return;
    std::printf("  GOAL MISSED: %s\n", goal);
    is_missed_ = true;
  }
  int exit_code() const { return is_missed_ && is_strict_ ? 3 : 0; }

 private:
  const bool is_strict_;
  bool is_missed_ = false;
};

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

// Each way makes one span and hands it over. False: there was no room.
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

// The cost for a user of values: the span is made, handed over and destroyed.
struct BySpan {
  static constexpr const char* kName = "Span value: made and collected";
  api::Collector& collector;
  bool operator()(uint64_t number) { return collector.collect(make_span(number)).ok(); }
};

// The same as the documentation writes it, with random ids and the clock read twice.
struct ByChain {
  static constexpr const char* kName = "Span::make().set()..., collected";
  api::Collector& collector;
  bool operator()(uint64_t number) {
    return collector
        .collect(api::Span::make("checkout")
                     .set("http.request.method", "GET")
                     .set("url.path", "/api/cart/12345")
                     .set("http.response.status_code", 200)
                     .set("server.address", "cart.shop")
                     .set("server.port", number & 0xffff)
                     .set("network.protocol.version", "1.1")
                     .set("client.address", "10.2.33.44")
                     .set("url.scheme", "http")
                     .set("http.route", "/api/cart/{id}")
                     .set("app.total", 42.5)
                     .finish())
        .ok();
  }
};

// A Span that is there already: what collect() itself costs.
struct ByReadySpan {
  static constexpr const char* kName = "Span value: collect alone";
  api::Collector& collector;
  api::Span span = make_span(1);
  bool operator()(uint64_t number) {
    span.trace_id = trace_id_of(number);
    span.span_id = span_id_of(number);
    return collector.collect(span).ok();
  }
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

int cost(bool is_strict) {
  const Clock clock;
  Goals goals(is_strict);
  api::Config config;
  config.endpoint.clear();
  config.exporters = {std::make_shared<Discard>()};
  config.buffer_capacity = 1'000'000;
  config.buffer_bytes = size_t{512} << 20;
  auto collector = api::Collector::create(config);
  if (!collector) return complain(collector.error());
  std::printf("a pair of time stamps costs %.0f ns, taken off\n", clock.pair_ns());
  Twin twin;
  const auto run = [&](int threads, const auto& way) {
    return measure(clock, way.kName, threads, way);
  };
  for (const int threads : kThreadCounts) {
    const Figures builder = run(threads, ByBuilder{*collector});
    const Figures span = run(threads, BySpan{*collector});
    const Figures chain = run(threads, ByChain{*collector});
    run(threads, ByReadySpan{*collector});
    run(threads, ByTwin{twin});
    goals.expect(builder.mean_ns <= kBuilderNsMax, "at most 150 ns by the builder");
    goals.expect(span.mean_ns <= kSpanNsMax, "at most 400 ns by the Span value");
    goals.expect(chain.mean_ns <= kSpanNsMax, "at most 400 ns by the Span value as one writes it");
    goals.expect(builder.lost + span.lost + chain.lost == 0, "no span is lost");
  }
  return collector->shutdown(10s).ok() ? goals.exit_code() : 1;
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

int memory(bool is_strict) {
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
  Goals goals(is_strict);
  goals.expect(resident_mb() < kMemoryMbMax, "less than 60 MB resident");
  return taken == 100'000 && statistics.queued() == taken ? goals.exit_code() : 1;
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

int send(const char* url, uint64_t count, uint64_t rate, bool is_strict) {
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
  Goals goals(is_strict);
  goals.expect(rate != 0 || static_cast<double>(count) / seconds >= kSpansPerSecondMin,
               "a million spans a second");
  return is_complete && collector->statistics().balances() ? goals.exit_code() : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool is_strict = !words.empty() && words.back() == "--strict";
  if (is_strict) words.pop_back();
  if (words == std::vector<std::string>{"cost"}) return cost(is_strict);
  if (words == std::vector<std::string>{"points"}) return point_cost();
  if (words == std::vector<std::string>{"memory"}) return memory(is_strict);
  if (words.size() == 4 && words[0] == "send") {
    return send(words[1].c_str(), std::strtoull(words[2].c_str(), nullptr, 10),
                std::strtoull(words[3].c_str(), nullptr, 10), is_strict);
  }
  std::fprintf(stderr,
               "usage: library_bench cost | points | memory | send URL COUNT RATE   [--strict]\n");
  return 2;
}
