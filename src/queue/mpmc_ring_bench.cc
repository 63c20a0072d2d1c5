// The cost of an element: one thread that pushes and pops, then threads that share the ring.
#include <benchmark/benchmark.h>

#include <memory>

#include "queue/mpmc_ring.h"

namespace millrace::queue {
namespace {

struct Element {  // as large as a queued payload
  std::unique_ptr<int> owned;
  uint64_t words[12] = {};
};

void push_and_pop(benchmark::State& state) {
  static MpmcRing<Element>* ring = nullptr;
  if (state.thread_index() == 0) ring = new MpmcRing<Element>(4096);
  Element element;
  for (auto _ : state) {
    while (!ring->try_push(Element{})) {
    }
    while (!ring->try_pop(element)) {
    }
    benchmark::DoNotOptimize(element.words[0]);
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) {
    delete ring;
    ring = nullptr;
  }
}
BENCHMARK(push_and_pop)->Threads(1)->Threads(2);

void push_64_then_pop_64(benchmark::State& state) {
  MpmcRing<Element> ring(4096);
  Element element;
  for (auto _ : state) {
    for (int i = 0; i < 64; ++i) ring.try_push(Element{}, {1, 2});
    for (int i = 0; i < 64; ++i) ring.try_pop(element);
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(push_64_then_pop_64);

}  // namespace
}  // namespace millrace::queue
