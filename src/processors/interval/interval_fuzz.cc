// Sends points of few streams and compares with a naive twin, a map from each stream to its latest
// point: what passes at once, what is held, and what leaves when the interval ends. Each point
// leaves once, or is filtered.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "io/sim/world.h"
#include "memory/testing/test_work.h"
#include "otlp/admit.h"
#include "otlp/attribute_list.h"
#include "otlp/testing/each_point.h"
#include "processors/interval/interval_processor.h"
#include "wire/writer.h"

namespace {

using namespace millrace;
using namespace millrace::processors::interval;

struct Stream {
  uint64_t resource = 0;
  uint64_t metric = 0;  // its name, and so its type
  uint64_t label = 0;
  auto operator<=>(const Stream&) const = default;
};
struct Point {
  uint64_t time = 0;
  uint64_t value = 0;
};
using Twin = std::map<Stream, Point>;

void write_label(uint32_t number, uint64_t value, wire::Writer& w) {
  const auto label = w.open(number);
  w.string_field(1, "k");
  w.bytes_field(2, as_span(otlp::encode_int_value(static_cast<int64_t>(value))));
  w.close(label);
}

// Metric 0 is a gauge, 1 a cumulative counter, 2 a delta, which is not held.
void write(const Stream& stream, const Point& point, wire::Writer& w) {
  const auto resource_metrics = w.open(1);
  const auto resource = w.open(1);
  write_label(1, stream.resource, w);
  w.close(resource);
  const auto scope = w.open(2);
  const auto metric = w.open(2);
  w.string_field(1, std::to_string(stream.metric));
  const auto data = w.open(stream.metric == 0 ? 5 : 7);
  if (stream.metric != 0) {
    w.varint_field(2, stream.metric == 1 ? 2 : 1);
    w.varint_field(3, 1);
  }
  const auto each = w.open(1);
  write_label(7, stream.label, w);
  w.fixed64_field(3, point.time);
  w.fixed64_field(6, point.value);
  w.close(each);
  w.close(data);
  w.close(metric);
  w.close(scope);
  w.close(resource_metrics);
}

uint64_t label_of(otlp::MessageBytes message, uint32_t number) {
  const auto value = otlp::find_attribute(message, number, "k");
  MILLRACE_CHECK(value.has_value());
  return static_cast<uint64_t>(value->int_value);
}

// Takes the points of `request` out of `expected`.
void take(const Rope& request, Twin& expected) {
  testing::for_each_point(request, [&](const testing::PointInRequest& point) {
    const auto found = expected.find({.resource = label_of(point.resource.resource.view(), 1),
                                      .metric = std::stoull(std::string(point.metric.name)),
                                      .label = label_of(point.bytes, 7)});
    MILLRACE_CHECK(found != expected.end());
    MILLRACE_CHECK(point.view.time_unix_nano == found->second.time);
    MILLRACE_CHECK(static_cast<uint64_t>(*point.view.as_int) == found->second.value);
    expected.erase(found);
  });
}

class Outlet final : public pipeline::Outlet {
 public:
  Status emit(pipeline::Payload payload) override {
    take(payload.bytes, expected);
    const auto admitted = otlp::admit(Signal::kMetrics, payload.bytes.to_bytes().view());
    MILLRACE_CHECK(admitted && admitted->item_count == payload.item_count);
    return {};
  }
  void filter(uint32_t) override { MILLRACE_CHECK(false); }
  void sample_out(uint32_t) override { MILLRACE_CHECK(false); }
  Twin expected;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  testing::FuzzInput input(data, size);
  io::sim::World world(1);
  const auto loop = world.make_loop("collector");
  testing::TestWork own;
  io::LongWork long_work(*loop, own.pool);
  Outlet outlet;
  const auto processor = make_interval_processor(
      {}, {.loop = *loop, .pool = own.pool, .long_work = long_work, .outlet = outlet});
  for (size_t requests = 0; !input.empty() && requests < 30; ++requests) {
    if (input.choice(4) == 0) {
      world.run_for(61s);
      MILLRACE_CHECK(outlet.expected.empty() && processor->held_count() == 0);
    }
    wire::Writer w(1024);
    uint32_t sent = 0;
    uint32_t passing = 0;
    const size_t held_before = outlet.expected.size();
    for (size_t count = 1 + input.choice(4); count > 0; --count, ++sent) {
      const Stream stream{
          .resource = input.choice(2), .metric = input.choice(3), .label = input.choice(2)};
      const Point point{.time = input.choice(20), .value = input.choice(200)};
      write(stream, point, w);
      if (stream.metric == 2) {
        ++passing;
        continue;
      }
      const auto [known, is_new] = outlet.expected.try_emplace(stream, point);
      if (!is_new && point.time > known->second.time) known->second = point;
    }
    pipeline::Payload payload;
    payload.signal = Signal::kMetrics;
    payload.bytes = Rope(Bytes::copy_of(w.view()));
    payload.item_count = sent;
    const auto result = processor->process(payload, own.work);
    MILLRACE_CHECK(result);
    MILLRACE_CHECK(payload.item_count == passing);
    MILLRACE_CHECK(result->held_count == outlet.expected.size() - held_before);
    MILLRACE_CHECK(result->left_count() == sent - passing);
    MILLRACE_CHECK(processor->held_count() == outlet.expected.size());
  }
  processor->flush();
  MILLRACE_CHECK(outlet.expected.empty() && processor->held_count() == 0);
  return 0;
}
