// MB/s of plain text, for bodies like those of a batch of 1,000 spans.
#include <benchmark/benchmark.h>

#include <string>

#include "compress/compressor.h"
#include "compress/decompressor.h"

namespace millrace::compress {
namespace {

std::string telemetry_like(size_t size) {
  std::string text;
  uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1664525 + 1013904223;
    text += "http.request.method\x03GETurl.path\x0e/api/v1/users/" + std::to_string(state);
  }
  text.resize(size);
  return text;
}

void compress_body(benchmark::State& state) {
  const Rope plain(Bytes::copy_of(telemetry_like(450'000)));
  Compressor compressor(static_cast<Coding>(state.range(0)), static_cast<int>(state.range(1)));
  for (auto _ : state) benchmark::DoNotOptimize(compressor.compress(plain));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * plain.size()));
  state.SetLabel(std::string(coding_name(compressor.coding())));
}
BENCHMARK(compress_body)
    ->Args({int(Coding::kGzip), 1})
    ->Args({int(Coding::kGzip), 6})
    ->Args({int(Coding::kZstd), 1})
    ->Args({int(Coding::kZstd), 3});

void decompress_body(benchmark::State& state) {
  const std::string plain = telemetry_like(static_cast<size_t>(state.range(1)));
  const Coding coding = static_cast<Coding>(state.range(0));
  const Result<Bytes> body = Compressor(coding, 1).compress(Rope(Bytes::copy_of(plain)));
  Budget budget(256 << 20);
  ChunkPool pool(budget, 4);
  Decompressor decompressor;
  for (auto _ : state) {
    benchmark::DoNotOptimize(decompressor.decompress(coding, body->view(), pool, 64 << 20));
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * plain.size()));
  state.SetLabel(std::string(coding_name(coding)));
}
BENCHMARK(decompress_body)
    ->Args({int(Coding::kGzip), 450'000})
    ->Args({int(Coding::kGzip), 4'500'000})
    ->Args({int(Coding::kDeflate), 4'500'000})
    ->Args({int(Coding::kZstd), 450'000})
    ->Args({int(Coding::kZstd), 4'500'000});

}  // namespace
}  // namespace millrace::compress
