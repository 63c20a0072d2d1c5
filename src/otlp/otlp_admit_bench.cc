// The walk over requests of 100 and 1,000 items. The inverse of items_per_second is the time
// for one span of about 400 bytes with ten attributes, one log record or one data point.
// `differing` spans have 5 to 15 attributes of other lengths and types each, so that branches are
// not predicted; half of the texts of `wide` ones are Japanese. `walk` names one instruction set.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <string_view>

#include "otlp/admit.h"
#include "otlp/example_requests.h"
#include "otlp/walks.h"
#include "wire/writer.h"

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

void differing_attribute(wire::Writer& w, std::mt19937& random, bool wide) {
  constexpr std::string_view kKeys[] = {
      "http.request.method",        "url.path", "error", "server.port", "user_agent.original",
      "messaging.destination.name", "db.system"};
  const auto attribute = w.open(9, 128);
  w.string_field(1, kKeys[random() % std::size(kKeys)]);
  const auto value = w.open(2, 128);
  switch (random() % 8) {
    case 0:
      w.varint_field(3, random() >> random() % 32);
      break;
    case 1:
      w.varint_field(2, 1);
      break;
    case 2:
      w.double_field(4, 0.1);
      break;
    case 3:
      w.string_field(1, std::string(random() % 120, 'v'));
      break;
    default: {
      std::string text;
      for (size_t left = 1 + random() % 10; left > 0; --left) text += wide ? "\xe6\x97\xa5" : "abc";
      w.string_field(1, text);
    }
  }
  w.close(value);
  w.close(attribute);
}

Bytes differing_spans(uint32_t count, bool wide) {
  std::mt19937 random(1);
  wire::Writer w;
  const auto resource_spans = w.open(1);
  const auto scope_spans = w.open(2);
  for (uint32_t i = 0; i < count; ++i) {
    const auto span = w.open(2);
    w.string_field(1, std::string(16, '\xa5'));
    w.string_field(2, std::string(8, '\xa5'));
    w.string_field(5, std::string(5 + random() % 30, 'n'));
    w.varint_field(6, random() % 5);
    w.fixed64_field(7, random());
    w.fixed64_field(8, random());
    for (size_t left = 5 + random() % 11; left > 0; --left) differing_attribute(w, random, wide);
    w.close(span);
  }
  w.close(scope_spans);
  w.close(resource_spans);
  return w.finish();
}

void walk_differing(benchmark::State& state, bool wide) {
  const Bytes request = differing_spans(1000, wide);
  for (auto _ : state) {
    if (!otlp::admit(Signal::kTraces, request.view())) state.SkipWithError("not admitted");
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK_CAPTURE(walk_differing, plain, false);
BENCHMARK_CAPTURE(walk_differing, wide, true);

void walk(benchmark::State& state) {
  const otlp::NamedWalk& each = otlp::usable_walks()[static_cast<size_t>(state.range(0))];
  state.SetLabel(each.name);
  const Bytes request = otlp::example_request(Signal::kTraces, {1, 1, 1000, 1});
  for (auto _ : state) {
    benchmark::DoNotOptimize(each.walk(Signal::kTraces, request.view(), 100, nullptr));
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(walk)->DenseRange(0, static_cast<int64_t>(otlp::usable_walks().size()) - 1);

}  // namespace
