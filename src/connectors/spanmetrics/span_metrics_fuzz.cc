// Spans on two workers in any order and at any time: what is emitted, added up, is what a naive
// twin counts. Delta temporality, so that every span is in exactly one interval.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "connectors/spanmetrics/testing/workers.h"
#include "otlp/attribute_list.h"
#include "otlp/testing/each_point.h"
#include "wire/writer.h"

namespace {

using namespace millrace;
using namespace millrace::connectors::spanmetrics;
using Workers = millrace::connectors::spanmetrics::testing::Workers;
using Key = std::pair<std::string, std::string>;  // service, name of the span

struct Counted {
  uint64_t calls = 0;
  uint64_t durations = 0;
  double sum = 0;
  friend bool operator==(const Counted&, const Counted&) = default;
};

void write_text(wire::Writer& w, uint32_t number, std::string_view key, std::string_view text) {
  const auto entry = w.open(number);
  w.string_field(1, key);
  w.string_field(2, otlp::encode_string_value(text));
  w.close(entry);
}

std::string text_of(otlp::MessageBytes point, otlp::MetricType type, std::string_view key) {
  const auto found = otlp::find_attribute(point, otlp::point_attributes(type), key);
  return found ? std::string(found->text) : std::string();
}

void add_emitted(const Rope& request, std::map<Key, Counted>& into) {
  millrace::testing::for_each_point(request, [&](const millrace::testing::PointInRequest& point) {
    const otlp::MetricType type = point.metric.type;
    Counted& counted =
        into[{text_of(point.bytes, type, "service.name"), text_of(point.bytes, type, "span.name")}];
    if (type == otlp::MetricType::kSum) {
      counted.calls += static_cast<uint64_t>(*point.view.as_int);
    } else {
      counted.durations += point.view.count;
      counted.sum += *point.view.sum;
    }
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  millrace::testing::FuzzInput input(data, size);
  Options options{.is_exponential = input.flag(), .is_delta = true};
  options.buckets_max = 8;
  Workers workers(options);
  std::map<Key, Counted> twin;
  for (size_t batches = 0; !input.empty() && batches < 20; ++batches) {
    wire::Writer w(1024);
    for (size_t resources = 1 + input.choice(2); resources > 0; --resources) {
      const std::string service(1, static_cast<char>('a' + input.choice(2)));
      const auto resource_spans = w.open(1);
      const auto resource = w.open(1);
      write_text(w, 1, "service.name", service);
      w.close(resource);
      const auto scope_spans = w.open(2);
      for (size_t spans = input.choice(4); spans > 0; --spans) {
        const std::string name(1, static_cast<char>('p' + input.choice(3)));
        const uint64_t milliseconds = uint64_t{1} << input.choice(20);
        const auto span = w.open(2);
        w.string_field(5, name);
        w.fixed64_field(7, 1'000'000);
        w.fixed64_field(8, 1'000'000 + milliseconds * 1'000'000);
        w.close(span);
        Counted& counted = twin[{service, name}];
        ++counted.calls;
        ++counted.durations;
        counted.sum += static_cast<double>(milliseconds);
      }
      w.close(scope_spans);
      w.close(resource_spans);
    }
    workers.send(input.choice(2), Bytes::copy_of(w.view()));
    workers.world.run_for(std::chrono::seconds(input.choice(70)));
  }
  workers.world.run_for(130s);
  std::map<Key, Counted> emitted;
  for (const pipeline::Payload& payload : workers.intake().payloads) {
    add_emitted(payload.bytes, emitted);
  }
  MILLRACE_CHECK(emitted == twin);
  return 0;
}
