// The result of a run of the generator, and its texts.
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

// Retryable answers, counted for each attempt.
struct Refusals {
  std::map<std::pair<Code, int>, uint64_t> by_code;  // gRPC's code and HTTP's status, or 0
  uint64_t count = 0;
  uint64_t hinted = 0;  // answers with a retry delay
  Duration hint_min = 0s;
  Duration hint_max = 0s;

  void add(Code code, int http_status, std::optional<Duration> hint);
};

struct LoadResult {
  // Counts of items. sent = ok + rejected + refused + failed when the run has ended. Each item is
  // counted once, however often its request was sent.
  uint64_t sent = 0;
  uint64_t ok = 0;
  uint64_t rejected = 0;    // by partial success
  uint64_t refused = 0;     // the last answer was retryable (no attempt was left)
  uint64_t failed = 0;      // refused permanently, or not answered
  uint64_t unanswered = 0;  // part of failed: no connection, no answer in time, or a broken one
  uint64_t requests = 0;
  uint64_t retries = 0;
  // Open loop: items that were due and not sent when the run ended.
  uint64_t behind_schedule = 0;
  size_t request_bytes = 0;  // of one request, before compression
  Duration elapsed = 0s;     // from the first request to the last answer
  double cpu_seconds = 0;    // of this process
  // For requests answered OK: the time since they were due (open loop) or begun (closed loop).
  metrics::LatencyHistogram latency;
  Refusals refusals;
  std::string first_error;  // of the first request that was not answered OK
};

std::string to_text(const LoadResult& result, const std::string& items);
// One line: {"sent":…,"latency_ms":{"p50":…}}.
std::string to_json(const LoadResult& result);

// {"p50":0.4,"p90":…,"p99":…,"p999":…,"max":…}, in milliseconds.
std::string latency_json(const metrics::LatencyHistogram& latency);
// "p50 400 µs  p90 …  p99 …  p99.9 …  max …".
std::string latency_text(const metrics::LatencyHistogram& latency);
// The user and system time of this process so far.
double own_cpu_seconds();

}  // namespace millrace::load
