// Sends cumulative points of few streams without a start, and holds the output to the rules of a
// stream whose starts can be trusted: the start is never behind the time, never goes back, and
// moves only where a value fell; between two moves values never fall. What subtract_initial_point
// leaves is the received value less the first one.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/attribute_list.h"
#include "otlp/testing/each_point.h"
#include "processors/metricstarttime/metric_start_time.h"

namespace {

using namespace millrace;
using namespace millrace::processors::metricstarttime;

struct Sent {
  uint64_t label = 0;
  uint64_t time = 0;
  uint64_t value = 0;
};

void write(const Sent& sent, wire::Writer& w) {
  const auto resource = w.open(1);
  const auto scope = w.open(2);
  const auto metric = w.open(2);
  const auto data = w.open(7);
  w.varint_field(2, 2);
  w.varint_field(3, 1);
  const auto each = w.open(1);
  const auto label = w.open(7);
  w.string_field(1, "k");
  w.bytes_field(2, as_span(otlp::encode_int_value(static_cast<int64_t>(sent.label))));
  w.close(label);
  w.fixed64_field(3, sent.time);
  w.fixed64_field(6, sent.value);
  w.close(each);
  w.close(data);
  w.close(metric);
  w.close(scope);
  w.close(resource);
}

std::optional<otlp::DataPointView> only_point(const Rope& request) {
  std::optional<otlp::DataPointView> only;
  testing::for_each_point(request, [&](const testing::PointInRequest& point) {
    MILLRACE_CHECK(point.metric.aggregation_temporality == 2 && point.metric.is_monotonic);
    MILLRACE_CHECK(!only);
    only = point.view;
  });
  return only;
}

struct Stream {
  uint64_t received = 0;
  uint64_t start = 0;
  uint64_t left_out = 0;  // what is subtracted
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  io::sim::World world(1);
  const auto loop = world.make_loop("collector");
  testing::TestWork own;
  Logger log{{}, nullptr, nullptr};
  const std::function<WallTime()> wall_clock = [] { return WallTime(1s); };
  const std::string name = "m";
  const Parts parts{
      .name = name, .loop = *loop, .budget = own.budget, .log = log, .wall_clock = wall_clock};
  const bool subtracts = input.choice(2) == 0;
  const Options options{.strategy = subtracts ? Strategy::kSubtractInitialPoint
                                              : Strategy::kTrueResetPoint};
  const auto streams = make_streams(options, parts);
  std::unique_ptr<pipeline::Processor> processors[2];
  for (auto& each : processors) each = make_metric_start_time_processor(options, streams, parts);

  std::map<uint64_t, Stream> twin;
  uint64_t time = 0;
  for (size_t count = 0; !input.empty() && count < 60; ++count) {
    time += 2'000'000 * (1 + input.choice(3));
    const Sent sent{.label = input.choice(2), .time = time, .value = input.choice(200)};
    wire::Writer w(256);
    write(sent, w);
    pipeline::Payload payload;
    payload.signal = Signal::kMetrics;
    payload.bytes = Rope(Bytes::copy_of(w.view()));
    payload.item_count = 1;
    const auto result = processors[input.choice(2)]->process(payload, own.work);
    MILLRACE_CHECK(result);
    const auto point = only_point(payload.bytes);
    MILLRACE_CHECK(point.has_value() == (payload.item_count == 1));
    const bool is_new = !twin.contains(sent.label);
    Stream& stream = twin[sent.label];
    MILLRACE_CHECK(point.has_value() == !(is_new && subtracts));
    if (is_new) {
      stream.start = sent.time;
      if (subtracts) stream.left_out = sent.value;
    } else if (sent.value < stream.received) {
      stream.start = sent.time - 1'000'000;
      stream.left_out = 0;
    }
    stream.received = sent.value;
    if (!point) continue;
    MILLRACE_CHECK(point->start_time_unix_nano == stream.start);
    MILLRACE_CHECK(point->start_time_unix_nano <= point->time_unix_nano);
    MILLRACE_CHECK(static_cast<uint64_t>(*point->as_int) == sent.value - stream.left_out);
  }
  return 0;
}
