// What a run of the generator came to, and how it is shown.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "metrics/latency_histogram.h"

namespace millrace::load {

// Answers that said "later": of each attempt, also of those that were repeated.
struct Refusals {
  std::map<std::pair<Code, int>, uint64_t> by_code;  // gRPC's code and HTTP's status, or 0
  uint64_t count = 0;
  uint64_t hinted = 0;  // said when to come back
  Duration hint_min = 0s;
  Duration hint_max = 0s;

  void add(Code code, int http_status, std::optional<Duration> hint);
};

struct LoadResult {
  // Items. sent = ok + rejected + refused + failed once the run has ended; each item is counted
  // once, however often its request was tried.
  uint64_t sent = 0;
  uint64_t ok = 0;
  uint64_t rejected = 0;    // by partial success
  uint64_t refused = 0;     // the last answer said "later" (or no attempt was left)
  uint64_t failed = 0;      // refused for good, or no answer came
  uint64_t unanswered = 0;  // of those that failed: no connection, none in time, or a broken one
  uint64_t requests = 0;
  uint64_t retries = 0;
  // Open loop: items still due when the run ended.
  uint64_t behind_schedule = 0;
  size_t request_bytes = 0;  // of one request, before compression
  Duration elapsed = 0s;     // from the first request to the last answer
  double cpu_seconds = 0;    // of this process
  // Of requests answered OK: from when they were due (open loop) or begun (closed loop).
  metrics::LatencyHistogram latency;
  Refusals refusals;
  std::string first_error;  // of a request that was not OK
};

std::string to_text(const LoadResult& result, const std::string& items);
// One line: {"sent":…,"latency_ms":{"p50":…}}.
std::string to_json(const LoadResult& result);

// {"p50":0.4,"p90":…,"p99":…,"p999":…,"max":…}, in milliseconds.
std::string latency_json(const metrics::LatencyHistogram& latency);
// "p50 400 µs  p90 …  p99 …  p99.9 …  max …".
std::string latency_text(const metrics::LatencyHistogram& latency);
// User and system time of this process so far.
double own_cpu_seconds();

}  // namespace millrace::load
