// The answers of a collector's console at one time, as far as `top` shows them. Plain data; counts
// are items since the collector's start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json_answer/json_answer.h"

namespace millrace::top {

struct Sample {
  struct Receiver {
    std::string name;
    std::string signal;
    int64_t accepted = 0;
    int64_t refused = 0;
  };
  struct Pipeline {
    std::string id;
    std::string way;  // "otlp > batch > otlp/a, otlp/b"
    int64_t admitted = 0;
    int64_t filtered = 0;
    int64_t sampled_out = 0;
  };
  struct Destination {
    std::string name;
    std::string signal;
    int64_t sent = 0;
    int64_t failed = 0;  // refused for good, or not taken by the queue
    int64_t retries = 0;
    int64_t queue = 0;
    int64_t queue_capacity = 0;
    int64_t in_flight = 0;
    int64_t consecutive_failures = 0;
    bool is_breaker_open = false;
    std::optional<double> oldest_age_s;
    std::string last_answer;
  };
  struct Refusal {
    int64_t at_ms = 0;
    std::string receiver;
    std::string reason;
    std::string detail;
    std::string peer;
    int64_t count = 1;
  };

  int64_t at_ms = 0;  // the collector's clock
  std::string version;
  double uptime_s = 0;
  bool is_accepting = false;
  bool is_draining = false;
  int64_t workers = 0;
  std::vector<std::string> alerts;
  int64_t memory_used = 0;
  int64_t memory_limit = 0;
  int64_t memory_peak = 0;
  std::vector<Receiver> receivers;
  std::vector<Pipeline> pipelines;
  std::vector<Destination> destinations;
  std::vector<Refusal> refusals;  // the newest first
};

// The paths of the API that a sample is read from, in the order of read_part().
inline constexpr const char* kPaths[] = {"/api/v1/status", "/api/v1/memory", "/api/v1/pipelines",
                                         "/api/v1/refusals?limit=5"};

// Adds the answer to kPaths[part]. What is missing in it stays as it is.
void read_part(size_t part, const json_answer::JsonAnswer& answer, Sample& into);

}  // namespace millrace::top
