// The walk over requests of 100 and 1,000 items. The inverse of items_per_second is the time
// for one span of about 400 bytes with ten attributes, one log record or one data point.
#include <benchmark/benchmark.h>

#include "otlp/admit.h"
#include "otlp/example_requests.h"

namespace {

using namespace millrace;

void admit_request(benchmark::State& state, Signal signal) {
  const auto items = static_cast<uint32_t>(state.range(0));
  const Bytes request = otlp::example_request(signal, {1, 1, items, 1});
  for (auto _ : state) {
    auto admitted = otlp::admit(signal, request.view());
    if (!admitted || admitted->item_count != items) state.SkipWithError("not admitted");
    benchmark::DoNotOptimize(admitted);
  }
  state.SetItemsProcessed(state.iterations() * items);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(request.size()));
}
BENCHMARK_CAPTURE(admit_request, traces, Signal::kTraces)->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(admit_request, logs, Signal::kLogs)->Arg(1000);
BENCHMARK_CAPTURE(admit_request, metrics, Signal::kMetrics)->Arg(1000);

}  // namespace
