// The cost of a scrape behind the socket: from the text of a target to the requests, with the
// series known from the scrape before. The page is that of `./run --bench --metrics`.
#include <benchmark/benchmark.h>

#include <optional>
#include <string>

#include "receivers/prometheus/scrape_output.h"

namespace millrace::receivers::prometheus {
namespace {

constexpr int kFamilies = 100;
constexpr int kSeriesOfFamily = 10;

std::string counters_page() {
  std::string page;
  for (int family = 0; family < kFamilies; ++family) {
    const std::string name = "app_requests_" + std::to_string(family) + "_total";
    page += "# HELP " + name + " Requests.\n# TYPE " + name + " counter\n";
    for (int number = 0; number < kSeriesOfFamily; ++number) {
      page += name + R"({method="GET",code="200",handler="/api/v)" + std::to_string(number) +
              "\"} " + std::to_string(family + number) + ".5\n";
    }
  }
  return page;
}

// Ten buckets, sum and count each.
std::string histograms_page() {
  std::string page;
  for (int family = 0; family < kFamilies; ++family) {
    const std::string name = "app_latency_" + std::to_string(family);
    page += "# TYPE " + name + " histogram\n";
    for (const char* bound :
         {"0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "+Inf"}) {
      page += name + R"(_bucket{method="GET",le=")" + bound + "\"} 17\n";
    }
    page += name + "_sum{method=\"GET\"} 3.25\n" + name + "_count{method=\"GET\"} 17\n";
  }
  return page;
}

// `replays`: false: each scrape is read in full, as one whose series change.
void scrape(benchmark::State& state, const std::string& page, bool replays) {
  ScrapeOptions options;
  options.job_name = "targets";
  const Target target = **make_target(options, {}, {{"__address__", "127.0.0.1:9100"}});
  Budget budget{256 << 20};
  ChunkPool pool{budget, 8};
  Pace pace;
  SeriesMemory memory;
  Duration now = 1000s;
  size_t points = 0;
  size_t samples = 0;
  for (auto _ : state) {
    Work work{pool, pace};
    now += 10s;
    const auto made = write_scrape(
        options, target,
        {.body = std::string_view(page),
         .format = Format::kText,
         .time = WallTime(now),
         .duration = 5ms},
        {}, memory, work, [&](ScrapeBatch::Request request) { points += request.point_count; });
    samples += made->scraped_count;
    if (replays) continue;
    memory.keep(std::nullopt);
    memory.set_steady(false);
  }
  benchmark::DoNotOptimize(points);
  state.SetItemsProcessed(static_cast<int64_t>(samples));
}

void BM_ScrapeOfCounters(benchmark::State& state) { scrape(state, counters_page(), true); }
BENCHMARK(BM_ScrapeOfCounters);

void BM_ScrapeOfCountersInFull(benchmark::State& state) { scrape(state, counters_page(), false); }
BENCHMARK(BM_ScrapeOfCountersInFull);

void BM_ScrapeOfHistograms(benchmark::State& state) { scrape(state, histograms_page(), true); }
BENCHMARK(BM_ScrapeOfHistograms);

void BM_ScrapeOfHistogramsInFull(benchmark::State& state) {
  scrape(state, histograms_page(), false);
}
BENCHMARK(BM_ScrapeOfHistogramsInFull);

}  // namespace
}  // namespace millrace::receivers::prometheus
