// Points of 100,000 known series, 1,000 in a request: the inverse of items_per_second is the time
// for one point. And a page of them.
#include <benchmark/benchmark.h>

#include "exporters/prometheus/testing/shown.h"

namespace {

using namespace millrace;
using namespace millrace::exporters;

constexpr size_t kRequests = 100;
constexpr size_t kPoints = 1000;

std::vector<Rope> requests() {
  std::vector<Rope> made;
  for (size_t i = 0; i < kRequests; ++i) {
    std::vector<std::string> points;
    for (size_t p = 0; p < kPoints; ++p) {
      points.push_back(exporters::testing::number_point(
          1, {.start = exporters::testing::at_s(0),
              .time = exporters::testing::at_s(1),
              .attributes = {{"http.request.method", "GET"},
                             {"http.route", "/users/{id}"},
                             {"http.response.status_code", "200"},
                             {"network.protocol.version", "1.1"},
                             {"user.id", std::to_string(i * kPoints + p)}}}));
    }
    made.push_back(exporters::testing::request(
        {exporters::testing::sum({.name = "http.server.requests", .unit = "{request}"}, points)},
        {{"service.name", "checkout"}, {"service.instance.id", "pod-1"}, {"host.name", "h"}}));
  }
  return made;
}

void known_series(benchmark::State& state) {
  const std::vector<Rope> made = requests();
  exporters::testing::Shown shown(prometheus::Strategy::kUnderscoreEscapingWithSuffixes, {}, {},
                                  size_t{60} << 20);
  for (const Rope& each : made) shown.take(each);
  if (shown.store.series_count() != kRequests * kPoints + 1) state.SkipWithError("series");
  size_t next = 0;
  for (auto _ : state) {
    shown.take(made[next++ % kRequests]);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kPoints));
  state.counters["bytes_a_series"] = static_cast<double>(shown.store.memory_bytes()) /
                                     static_cast<double>(shown.store.series_count());
}
BENCHMARK(known_series);

void new_series(benchmark::State& state) {
  const std::vector<Rope> made = requests();
  for (auto _ : state) {
    exporters::testing::Shown shown;
    for (const Rope& each : made) shown.take(each);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRequests * kPoints));
}
BENCHMARK(new_series);

void page(benchmark::State& state, std::string_view accept) {
  exporters::testing::Shown shown(prometheus::Strategy::kUnderscoreEscapingWithSuffixes, {}, {},
                                  size_t{60} << 20);
  for (const Rope& each : requests()) shown.take(each);
  size_t bytes = 0;
  for (auto _ : state) bytes = shown.page(accept).size();
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRequests * kPoints));
  state.counters["page_bytes"] = static_cast<double>(bytes);
}
BENCHMARK_CAPTURE(page, text, "");
BENCHMARK_CAPTURE(page, protobuf,
                  "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                  "encoding=delimited");

}  // namespace
