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
#include "prometheus_series/testing/random_points.h"

namespace millrace::exporters {
namespace {

using testing::Attributes;
using testing::Point;
using testing::Shown;
using testing::Temporality;

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
        metrics.push_back(testing::random_metric(input));
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
