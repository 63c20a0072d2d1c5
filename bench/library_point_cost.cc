// A metric point's cost for the thread that hands it over: `library_bench points`. It has four
// attributes, as instrumented HTTP servers write them.
#include "library_point_cost.h"

#include <time.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "millrace/collector.h"

namespace {

using namespace std::chrono_literals;
namespace api = millrace::v1;

class Discard final : public api::Exporter {
 public:
  api::ExportResult export_batch(const api::BatchRef&, Deadline) override { return {}; }
};

double thread_cpu_ns() {
  timespec time;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

constexpr api::Metric kRequests{.name = "http.server.requests", .unit = "{request}"};
constexpr uint64_t kTime = 1'760'000'000'000'000'000;

template <class Point>
void describe(Point& point, int64_t number) {
  point.set("http.request.method", "GET").set("http.route", "/api/cart/{id}");
  point.set("http.response.status_code", 200).set("server.port", number);
}

api::Histogram histogram() {
  return {.count = 100,
          .sum = 4.25,
          .bucket_counts = {10, 20, 40, 20, 5, 3, 2, 0, 0, 0, 0},
          .explicit_bounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}};
}

// Bursts with pauses, as in library_bench.cc.
template <class Way>
void measure(const char* name, Way way) {
  constexpr int kBursts = 400;
  constexpr int kBurst = 500;
  double cpu = 0;
  uint64_t lost = 0;
  int64_t number = 0;
  for (int burst = 0; burst < kBursts; ++burst) {
    std::this_thread::sleep_for(500us);
    const double before = thread_cpu_ns();
    for (int i = 0; i < kBurst; ++i) lost += way(++number & 0xffff) ? 0 : 1;
    cpu += thread_cpu_ns() - before;
  }
  std::printf("%-34s mean %6.1f ns  lost %llu\n", name, cpu / (kBursts * kBurst),
              static_cast<unsigned long long>(lost));
  std::fflush(stdout);
}

}  // namespace

int point_cost() {
  api::Config config;
  config.endpoint.clear();
  config.exporters = {std::make_shared<Discard>()};
  config.buffer_capacity = 1'000'000;
  config.buffer_bytes = size_t{512} << 20;
  auto collector = api::Collector::create(config);
  if (!collector) {
    std::fprintf(stderr, "library_bench: %s\n", collector.error().message.c_str());
    return 1;
  }
  const api::Histogram buckets = histogram();
  measure("sum, builder", [&](int64_t number) {
    api::MetricPointBuilder point(kRequests, api::Sum{number}, kTime);
    describe(point, number);
    return collector->collect(point).ok();
  });
  measure("sum, MetricPoint value made anew", [&](int64_t number) {
    api::MetricPoint point{.name = "http.server.requests",
                           .unit = "{request}",
                           .time_unix_nano = kTime,
                           .data = api::Sum{number}};
    describe(point, number);
    return collector->collect(point).ok();
  });
  measure("histogram, builder", [&](int64_t number) {
    api::MetricPointBuilder point(kRequests, buckets, kTime);
    describe(point, number);
    return collector->collect(point).ok();
  });
  measure("histogram, MetricPoint made anew", [&](int64_t number) {
    api::MetricPoint point{.name = "http.server.requests",
                           .unit = "{request}",
                           .time_unix_nano = kTime,
                           .data = histogram()};
    describe(point, number);
    return collector->collect(point).ok();
  });
  return collector->shutdown(10s).ok() ? 0 : 1;
}
