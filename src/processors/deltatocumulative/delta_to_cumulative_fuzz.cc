// Sends points of few streams, and compares with a naive twin that keeps every value that was
// added and sums them anew: exponential histograms with real values, whose buckets must be the
// buckets of the values at the scale that came out.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "metric_streams/point_writer.h"
#include "otlp/attribute_list.h"
#include "processors/deltatocumulative/delta_to_cumulative.h"

namespace {

using namespace millrace;
using namespace millrace::processors::deltatocumulative;
using metric_streams::ExponentialValues;

struct Point {
  uint64_t label = 0;
  uint64_t start = 0;
  uint64_t time = 0;
  int32_t scale = 0;
  std::vector<double> values;
};

double value_of(testing::FuzzInput& input) {
  // Never a bound of a bucket.
  return std::exp2(static_cast<double>(input.choice(64)) - 32) * (1.1 + 0.01 * input.choice(80));
}

void write(wire::Writer& w, const Point& point) {
  const auto resource = w.open(1);
  const auto scope = w.open(2);
  const auto metric = w.open(2);
  const auto data = w.open(10);
  const auto each = w.open(1);
  const auto label = w.open(1);
  w.string_field(1, "k");
  w.string_field(2, otlp::encode_int_value(static_cast<int64_t>(point.label)));
  w.close(label);
  w.fixed64_field(2, point.start);
  w.fixed64_field(3, point.time);
  ExponentialValues values{.count = point.values.size(), .scale = point.scale};
  for (const double value : point.values) {
    values.positive.add_at(metric_streams::bucket_of(value, point.scale), 1);
  }
  metric_streams::write_values(values, w);
  w.close(each);
  w.varint_field(2, 1);
  w.close(data);
  w.close(metric);
  w.close(scope);
  w.close(resource);
}

struct Stream {
  uint64_t start = 0;
  uint64_t time = 0;
  std::vector<double> values;
};

struct Expected {
  uint64_t start = 0;
  uint64_t time = 0;
  bool is_first = false;  // goes on as it is
  std::vector<double> values;
};

void compare(const Rope& request, const std::vector<Expected>& expected) {
  size_t next = 0;
  otlp::ResourceReader resources(request);
  for (otlp::ResourceView resource; resources.next(&resource);) {
    otlp::ScopeReader scopes(resource);
    for (otlp::ScopeView scope; scopes.next(&scope);) {
      otlp::MessageReader metrics(scope.bytes.view(), otlp::kScopeItems);
      for (otlp::MessageBytes content; metrics.next(&content);) {
        const auto metric = otlp::MetricView::read(Bytes::copy_of(content));
        MILLRACE_CHECK(metric.aggregation_temporality == 2);
        otlp::MessageReader each(metric.data.view(), otlp::kDataPoints);
        for (otlp::MessageBytes bytes; each.next(&bytes);) {
          MILLRACE_CHECK(next < expected.size());
          const Expected& wanted = expected[next++];
          const auto view = otlp::DataPointView::read(metric.type, bytes);
          MILLRACE_CHECK(view.start_time_unix_nano == wanted.start);
          MILLRACE_CHECK(view.time_unix_nano == wanted.time);
          MILLRACE_CHECK(view.count == wanted.values.size());
          MILLRACE_CHECK(wanted.is_first || view.positive.bucket_counts.size() <= 160);
          std::map<int64_t, uint64_t> here;
          for (size_t i = 0; i < view.positive.bucket_counts.size(); ++i) {
            if (view.positive.bucket_counts[i] == 0) continue;
            here[view.positive.offset + static_cast<int64_t>(i)] = view.positive.bucket_counts[i];
          }
          std::map<int64_t, uint64_t> there;
          for (const double value : wanted.values) {
            there[metric_streams::bucket_of(value, view.scale)]++;
          }
          MILLRACE_CHECK(here == there);
        }
      }
    }
  }
  MILLRACE_CHECK(next == expected.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  io::sim::World world(1);
  const auto loop = world.make_loop("collector");
  testing::TestWork own;
  Logger log{{}, nullptr, nullptr};
  metrics::Registry metrics;
  const std::string name = "d";
  const Parts parts{
      .name = name, .loop = *loop, .budget = own.budget, .log = log, .metrics = metrics};
  const auto streams = make_streams({}, parts);
  std::unique_ptr<pipeline::Processor> processors[2];
  for (auto& each : processors) each = make_delta_to_cumulative_processor(streams, parts);

  std::map<uint64_t, Stream> twin;
  for (size_t requests = 0; !input.empty() && requests < 30; ++requests) {
    wire::Writer w(1024);
    std::vector<Expected> expected;
    uint32_t sent = 0;
    for (size_t count = 1 + input.choice(3); count > 0; --count, ++sent) {
      Point point{.label = input.choice(2),
                  .start = input.choice(4),
                  .time = 1 + input.choice(60),
                  .scale = static_cast<int32_t>(input.choice(12)) - 3,
                  .values = {}};
      for (size_t values = input.choice(4); values > 0; --values) {
        point.values.push_back(value_of(input));
      }
      write(w, point);
      const bool is_new = !twin.contains(point.label);
      Stream& stream = twin[point.label];
      if (is_new) stream.start = point.start;
      if (!is_new && (point.start < stream.start || point.time <= stream.time)) continue;
      stream.time = point.time;
      stream.values.insert(stream.values.end(), point.values.begin(), point.values.end());
      expected.push_back({stream.start, point.time, is_new, stream.values});
    }
    pipeline::Payload payload;
    payload.signal = Signal::kMetrics;
    payload.bytes = Rope(Bytes::copy_of(w.view()));
    payload.item_count = sent;
    const auto result = processors[input.choice(2)]->process(payload, own.work);
    MILLRACE_CHECK(result);
    MILLRACE_CHECK(payload.item_count == expected.size());
    MILLRACE_CHECK(result->filtered_count + expected.size() == sent);
    compare(payload.bytes, expected);
  }
  return 0;
}
