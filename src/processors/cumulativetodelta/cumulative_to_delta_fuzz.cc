// Sends points of few streams, and compares with a naive twin that keeps all points of each. Sums
// of integers and histograms of two buckets.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/attribute_list.h"
#include "processors/cumulativetodelta/cumulative_to_delta.h"
#include "wire/writer.h"

namespace {

using namespace millrace;
using namespace millrace::processors::cumulativetodelta;

constexpr uint64_t kMadeAt = 1'000;

struct Point {
  bool is_histogram = false;
  uint64_t label = 0;
  uint64_t start = 0;
  uint64_t time = 0;
  std::vector<uint64_t> counts;  // a number has one
  friend bool operator==(const Point&, const Point&) = default;
};

void write(wire::Writer& w, const Point& point) {
  const auto resource = w.open(1);
  const auto scope = w.open(2);
  const auto metric = w.open(2);
  w.string_field(1, "m");
  const auto data = w.open(point.is_histogram ? 9 : 7);
  const auto each = w.open(1);
  const auto label = w.open(point.is_histogram ? 9 : 7);
  w.string_field(1, "k");
  w.string_field(2, otlp::encode_int_value(static_cast<int64_t>(point.label)));
  w.close(label);
  w.fixed64_field(2, point.start);
  w.fixed64_field(3, point.time);
  if (point.is_histogram) {
    w.fixed64_field(4, point.counts[0] + point.counts[1]);
    const auto counts = w.open(6);
    for (const uint64_t count : point.counts) w.raw_fixed64(count);
    w.close(counts);
    const auto bounds = w.open(7);
    w.raw_fixed64(0);
    w.close(bounds);
  } else {
    w.fixed64_field(6, point.counts[0]);
  }
  w.close(each);
  w.varint_field(2, 2);
  if (!point.is_histogram) w.varint_field(3, 1);
  w.close(data);
  w.close(metric);
  w.close(scope);
  w.close(resource);
}

std::vector<Point> read(const Rope& request) {
  std::vector<Point> points;
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    otlp::ScopeReader scopes(resource);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      otlp::MessageReader metrics(scope.bytes.view(), otlp::kScopeItems);
      for (otlp::MessageBytes content; metrics.next(&content);) {
        const auto metric = otlp::MetricView::read(Bytes::copy_of(content));
        MILLRACE_CHECK(metric.aggregation_temporality == 1);
        otlp::MessageReader each(metric.data.view(), otlp::kDataPoints);
        for (otlp::MessageBytes bytes; each.next(&bytes);) {
          const auto view = otlp::DataPointView::read(metric.type, bytes);
          Point point{.is_histogram = metric.type == otlp::MetricType::kHistogram,
                      .label = 0,
                      .start = view.start_time_unix_nano,
                      .time = view.time_unix_nano,
                      .counts = view.bucket_counts};
          if (!point.is_histogram) point.counts = {static_cast<uint64_t>(*view.as_int)};
          const auto label = otlp::find_attribute(bytes, otlp::point_attributes(metric.type), "k");
          point.label = static_cast<uint64_t>(label->int_value);
          points.push_back(std::move(point));
        }
      }
    }
  }
  return points;
}

// The whole history of a stream.
using History = std::vector<Point>;

std::vector<Point> convert_naively(std::map<std::tuple<bool, uint64_t, uint64_t>, History>& streams,
                                   const Point& point) {
  History& history = streams[{point.is_histogram, point.label, point.start}];
  if (history.empty() || history.back() != point) history.push_back(point);
  if (history.size() == 1) {
    const bool began_before = point.start < kMadeAt || point.start == point.time;
    return began_before ? History{} : History{point};
  }
  const Point& before = history[history.size() - 2];
  Point delta = point;
  delta.start = before.time;
  for (size_t i = 0; i < delta.counts.size(); ++i) {
    if (delta.counts[i] < before.counts[i]) return {};
    delta.counts[i] -= before.counts[i];
  }
  return {delta};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  io::sim::World world(1);
  const auto loop = world.make_loop("collector");
  testing::TestWork own;
  Logger log{{}, nullptr, nullptr};
  metrics::Registry metrics;
  const std::function<WallTime()> wall_clock = [] {
    return WallTime(std::chrono::nanoseconds(kMadeAt));
  };
  const std::string name = "c";
  const Parts parts{.name = name,
                    .loop = *loop,
                    .budget = own.budget,
                    .log = log,
                    .metrics = metrics,
                    .wall_clock = wall_clock};
  const auto options = std::make_shared<Options>();
  const auto streams = make_streams(*options, parts);
  // Two workers.
  std::unique_ptr<pipeline::Processor> processors[2];
  for (auto& each : processors) each = make_cumulative_to_delta_processor(options, streams, parts);

  std::map<std::tuple<bool, uint64_t, uint64_t>, History> twin;
  for (size_t requests = 0; !input.empty() && requests < 30; ++requests) {
    wire::Writer w(1024);
    std::vector<Point> expected;
    uint32_t sent = 0;
    for (size_t count = 1 + input.choice(4); count > 0; --count, ++sent) {
      Point point{.is_histogram = input.flag(),
                  .label = input.choice(2),
                  .start = input.choice(2) == 0 ? 5 : kMadeAt + 5,
                  .time = kMadeAt + input.choice(8),
                  .counts = {input.choice(16)}};
      if (point.is_histogram) point.counts.push_back(input.choice(16));
      write(w, point);
      const auto made = convert_naively(twin, point);
      expected.insert(expected.end(), made.begin(), made.end());
    }
    pipeline::Payload payload;
    payload.signal = Signal::kMetrics;
    payload.bytes = Rope(Bytes::copy_of(w.view()));
    payload.item_count = sent;
    const auto result = processors[input.choice(2)]->process(payload, own.work);
    MILLRACE_CHECK(result);
    MILLRACE_CHECK(payload.item_count == expected.size());
    MILLRACE_CHECK(result->filtered_count + expected.size() == sent);
    MILLRACE_CHECK(read(payload.bytes) == expected);
  }
  return 0;
}
