// Points of any kind, in any order, into the store; against a naive twin, and whatever comes:
//   - a page is valid: the samples of a family stand together, no sample is there twice, and
//   buckets
//     do not fall
//   - the total of counters that only grow by deltas is the sum of what was sent since they came
//   - nothing is left when all have expired

#include <fuzzer/FuzzedDataProvider.h>

#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/check.h"
#include "exporters/prometheus/testing/shown.h"

namespace millrace::exporters {
namespace {

using testing::Attributes;
using testing::Point;
using testing::Shown;
using testing::Temporality;

constexpr const char* kNames[] = {"a",     "a.b", "a_b",     "h", "h.count",
                                  "h_sum", "x",   "x_total", "#", "a b"};
constexpr const char* kUnits[] = {"", "s", "1", "By", "{x}", "1/s"};
constexpr const char* kKeys[] = {"k", "k.k", "k_k", "le", "quantile",
                                 "",  "__x", "job", "ж",  "otel_scope_name"};
const double kNumbers[] = {0, 1, -1, 0.5, 1e300, 1.0 / 0.0, -1.0 / 0.0};

template <class Item, size_t n>
const Item& pick(FuzzedDataProvider& input, const Item (&items)[n]) {
  return items[input.ConsumeIntegralInRange<size_t>(0, n - 1)];
}

Point point_of(FuzzedDataProvider& input) {
  Point point;
  point.start = input.ConsumeBool() ? 0 : testing::at_s(input.ConsumeIntegralInRange(0, 9));
  point.time =
      input.ConsumeBool() ? testing::at_s(9) : testing::at_s(input.ConsumeIntegralInRange(0, 20));
  point.flags = input.ConsumeIntegralInRange(0, 15) == 0 ? 1 : 0;
  for (int count = input.ConsumeIntegralInRange(0, 2); count > 0; --count) {
    point.attributes.emplace_back(pick(input, kKeys), input.ConsumeRandomLengthString(3));
  }
  // Texts passed admission, so they are UTF-8.
  for (auto& [key, value] : point.attributes) {
    for (char& byte : value) byte = static_cast<char>(byte & 0x7f);
  }
  return point;
}

std::string metric_of(FuzzedDataProvider& input) {
  const testing::MetricText text{.name = pick(input, kNames), .unit = pick(input, kUnits)};
  const auto temporality = static_cast<Temporality>(input.ConsumeIntegralInRange(0, 2));
  std::vector<std::string> points;
  const int kind = input.ConsumeIntegralInRange(0, 4);
  for (int count = input.ConsumeIntegralInRange(1, 3); count > 0; --count) {
    const Point point = point_of(input);
    if (kind <= 1) {
      points.push_back(testing::number_point(pick(input, kNumbers), point));
    } else if (kind == 2) {
      testing::Histogram histogram;
      for (int i = input.ConsumeIntegralInRange(0, 3); i > 0; --i) {
        histogram.counts.push_back(input.ConsumeIntegral<uint8_t>());
        if (input.ConsumeIntegralInRange(0, 9) != 0 && i > 1) {
          histogram.bounds.push_back(pick(input, kNumbers) + static_cast<double>(3 - i));
        }
      }
      if (input.ConsumeIntegralInRange(0, 9) == 0)
        histogram.count = input.ConsumeIntegral<uint64_t>();
      points.push_back(testing::histogram_point(histogram, point));
    } else if (kind == 3) {
      testing::Exponential exponential{
          .scale = input.ConsumeIntegralInRange(-6, 12),
          .zero_count = input.ConsumeIntegral<uint8_t>(),
          .offset = input.ConsumeBool() ? input.ConsumeIntegral<int32_t>()
                                        : input.ConsumeIntegralInRange(-20, 20),
          .zero_threshold = input.ConsumeBool() ? 0 : pick(input, kNumbers)};
      for (int i = input.ConsumeIntegralInRange(0, 4); i > 0; --i) {
        exponential.positive.push_back(input.ConsumeIntegral<uint8_t>());
        exponential.negative.push_back(input.ConsumeIntegral<uint8_t>());
      }
      points.push_back(testing::exponential_point(exponential, point));
    } else {
      points.push_back(testing::message([&](wire::Writer& writer) {
        testing::put_attributes(writer, 7, point.attributes);
        writer.fixed64_field(3, point.time);
        writer.fixed64_field(4, input.ConsumeIntegral<uint8_t>());
      }));
    }
  }
  switch (kind) {
    case 0:
      return testing::gauge(text, points);
    case 1:
      return testing::sum(text, points, temporality, input.ConsumeBool());
    case 2:
      return testing::histogram(text, points, temporality);
    case 3:
      return testing::exponential(text, points, temporality);
    default:
      return testing::summary(text, points);
  }
}

// The part of the line that must be there once, and the family it belongs to.
std::string_view sample_of(std::string_view line) { return line.substr(0, line.rfind(' ')); }

void check_page(const std::string& page) {
  std::set<std::string, std::less<>> families;
  std::set<std::string, std::less<>> samples;
  std::string family;
  double bucket = 0;
  std::string buckets_of;
  for (size_t begin = 0; begin < page.size();) {
    const size_t end = page.find('\n', begin);
    MILLRACE_CHECK(end != std::string::npos);
    const std::string_view line = std::string_view(page).substr(begin, end - begin);
    begin = end + 1;
    MILLRACE_CHECK(!line.empty());
    if (line.starts_with("# TYPE ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      MILLRACE_CHECK(families.insert(family).second);
    }
    if (line[0] == '#') continue;
    MILLRACE_CHECK(line.starts_with(family));
    MILLRACE_CHECK(samples.emplace(sample_of(line)).second);
    const size_t le = line.find("le=\"");
    if (!line.starts_with(family + "_bucket{") || le == std::string_view::npos) continue;
    const std::string series(line.substr(0, le));
    const double count = std::atof(line.substr(line.rfind(' ') + 1).data());
    if (series == buckets_of) MILLRACE_CHECK(count >= bucket);
    buckets_of = series;
    bucket = count;
  }
}

void run(FuzzedDataProvider& input) {
  Shown shown;
  std::map<std::string, double> twin;  // the counter `total` by its one attribute
  std::map<std::string, MonotonicTime> heard;
  while (input.remaining_bytes() > 0) {
    const int step = input.ConsumeIntegralInRange(0, 9);
    if (step == 0) {
      shown.now += std::chrono::seconds(input.ConsumeIntegralInRange(1, 400));
    } else if (step == 1) {
      shown.store.sweep(shown.now, input.ConsumeIntegralInRange<size_t>(1, 20));
    } else if (step <= 4) {
      const std::string key(1, static_cast<char>('p' + input.ConsumeIntegralInRange(0, 3)));
      const double value = input.ConsumeIntegralInRange(0, 100);
      shown.send({testing::sum(
          {.name = "zz"},
          {testing::number_point(
              value, {.start = 0, .time = testing::at_s(1), .attributes = {{"key", key}}})},
          Temporality::kDelta)});
      MILLRACE_CHECK(shown.taken.stored == 1);
      if (heard.contains(key) && heard[key] + 5min <= shown.now) twin[key] = 0;
      twin[key] += value;
      heard[key] = shown.now;
    } else {
      Attributes resource;
      if (input.ConsumeBool()) resource.emplace_back("service.name", "s");
      if (input.ConsumeBool()) resource.emplace_back("service.instance.id", "i");
      std::vector<std::string> metrics;
      for (int count = input.ConsumeIntegralInRange(1, 3); count > 0; --count) {
        metrics.push_back(metric_of(input));
      }
      shown.send(metrics, resource);
    }
    check_page(shown.page());
  }
  const std::string samples = shown.samples();
  for (const auto& [key, value] : twin) {
    const std::string head = "zz_total{key=\"" + key + "\"} ";
    const size_t at = samples.find(head);
    const bool is_gone = heard[key] + 5min <= shown.now;
    MILLRACE_CHECK(is_gone == (at == std::string::npos));
    if (!is_gone) MILLRACE_CHECK(std::atof(samples.c_str() + at + head.size()) == value);
  }
  shown.page("application/openmetrics-text;version=1.0.0");
  shown.page(
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
      "encoding=delimited");
  shown.now += 301s;
  // The first round ends the one that was under way.
  for (int round = 0; round < 2; ++round) {
    while (!shown.store.sweep(shown.now, 7)) {
    }
  }
  MILLRACE_CHECK(shown.store.series_count() == 0 && shown.store.families().empty());
  MILLRACE_CHECK(shown.page().empty());
}

}  // namespace
}  // namespace millrace::exporters

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  millrace::exporters::run(input);
  return 0;
}
