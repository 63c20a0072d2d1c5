// What every receiver's requests count as is tested with the otlp receiver, which adds nothing to
// it (receivers/otlp/receiver_test.cc); here is what only a receiver with other transports shows.
#include "reception/request_counters.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::reception {
namespace {

struct Counted {
  Counted() {
    parts.name = "zipkin/in";
    parts.metrics = &metrics;
    parts.log = &log;
    parts.memory_refused[index_of(Signal::kTraces)] = {
        &metrics.counter("limiter_refused", "", {{"processor", "memory_limiter"}})};
  }
  bool shows(const std::string& line) const {
    return metrics.to_prometheus_text().contains("\n" + line + "\n");
  }
  metrics::Registry metrics;
  std::vector<std::string> lines;
  Logger log{{.encoding = LogEncoding::kJson},
             [this](std::string_view line) { lines.emplace_back(line); },
             [] { return int64_t{0}; }};
  ReceiverParts parts;
  RequestCounters counters{parts, {"http_v2_json", "http_v2_proto"}};
};

TEST(RequestCountersTest, TransportsAreCountedApart) {
  Counted counted;
  counted.counters.refuse(1, Signal::kTraces, "bad_data", "no id");
  counted.counters.show(0, Signal::kTraces);
  EXPECT_TRUE(
      counted.shows("millrace_receiver_rejected_requests{reason=\"bad_data\",receiver="
                    "\"zipkin/in\",transport=\"http_v2_proto\"} 1"));
  EXPECT_TRUE(
      counted.shows("otelcol_receiver_accepted_spans{receiver=\"zipkin/in\",transport="
                    "\"http_v2_json\"} 0"));
  ASSERT_EQ(counted.lines.size(), 1u);
  EXPECT_TRUE(counted.lines[0].contains("\"error\":\"no id\"")) << counted.lines[0];
}

TEST(RequestCountersTest, WhatMemoryRefusedCountsAsOneItemWhileNothingIsKnown) {
  Counted counted;
  counted.counters.on_rejected(0, Signal::kTraces, "memory", "", "10.0.0.1:5");
  counted.counters.on_rejected(0, std::nullopt, "memory", "", "10.0.0.1:5");
  EXPECT_TRUE(counted.shows("limiter_refused{processor=\"memory_limiter\"} 1"));
}

}  // namespace
}  // namespace millrace::reception
