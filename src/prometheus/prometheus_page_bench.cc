// The page of a scrape: a series is one line of about 150 bytes with five labels, or a histogram of
// ten buckets. items_per_second counts series; its inverse is the time for one of them.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "prometheus/page_writer.h"

namespace {

using namespace millrace::prometheus;

// Uses one chunk again and again.
class DiscardingSink final : public Sink {
 public:
  std::span<uint8_t> next_chunk(size_t used) override {
    bytes_ += used;
    return chunk_;
  }
  void finish(size_t used) override { bytes_ += used; }
  size_t bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> chunk_ = std::vector<uint8_t>(64 << 10);
  size_t bytes_ = 0;
};

constexpr size_t kSeriesCount = 1'000'000;
constexpr size_t kFamilySize = 1000;

std::vector<std::string> make_labels() {
  std::vector<std::string> labels;
  for (size_t i = 0; i < kSeriesCount; ++i) {
    labels.push_back("http_method=\"GET\",http_route=\"/api/v1/items/" + std::to_string(i % 997) +
                     "\",instance=\"pod-" + std::to_string(i) +
                     "\",job=\"shop/checkout\",status_code=\"200\"");
  }
  return labels;
}

template <class Value>
void write_page(benchmark::State& state, const PageOptions& options, FamilyType type, Value value) {
  static const std::vector<std::string> kLabels = make_labels();
  size_t bytes = 0;
  for (auto _ : state) {
    DiscardingSink sink;
    const auto writer = make_page_writer(options, sink);
    for (size_t i = 0; i < kSeriesCount; ++i) {
      if (i % kFamilySize == 0) {
        writer->begin_family({.name = "http_server_request_duration_seconds", .type = type});
      }
      writer->write({.labels = kLabels[i]}, value(i));
    }
    writer->finish();
    bytes += sink.bytes();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kSeriesCount));
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
}

NumberValue integer(size_t i) { return {.value = static_cast<double>(i * 37)}; }
NumberValue fraction(size_t i) { return {.value = static_cast<double>(i) * 1.0123456789}; }

HistogramValue histogram(size_t i) {
  static constexpr double kBounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};
  static constexpr uint64_t kCounts[] = {1, 20, 300, 4000, 500, 60, 7, 8, 9, 10, 11};
  return {.upper_bounds = kBounds,
          .bucket_counts = kCounts,
          .sum = 0.1 * static_cast<double>(i),
          .count = 4926};
}

constexpr PageOptions kText{};
constexpr PageOptions kOpenMetrics{.exposition = {.format = Format::kOpenMetrics100}};
constexpr PageOptions kProtobuf{.exposition = {.format = Format::kProtobuf}};
constexpr PageOptions kEscaped{.names = NameForm::kUtf8};

BENCHMARK_CAPTURE(write_page, text_integers, kText, FamilyType::kCounter, integer)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_page, text_fractions, kText, FamilyType::kGauge, fraction)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_page, text_histograms, kText, FamilyType::kHistogram, histogram)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_page, open_metrics_fractions, kOpenMetrics, FamilyType::kGauge, fraction)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_page, protobuf_fractions, kProtobuf, FamilyType::kGauge, fraction)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(write_page, text_escaped_names, kEscaped, FamilyType::kGauge, fraction)
    ->Unit(benchmark::kMillisecond);

}  // namespace
