// The types of the opaque handles in millrace/millrace.h, and the guard that every function runs
// in, so that no exception leaves it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "millrace/batch_processor.h"
#include "millrace/collector.h"
#include "millrace/config.h"
#include "millrace/exporter.h"
#include "millrace/millrace.h"
#include "millrace/statistics.h"

struct millrace_endpoint {
  millrace::v1::Endpoint endpoint;
};

struct millrace_config {
  // Without its endpoints: they are below, where their handles stay valid. The first is `endpoint`.
  millrace::v1::Config config;
  std::deque<millrace_endpoint> endpoints = std::deque<millrace_endpoint>(1);
  std::string message;
};

struct millrace_collector {
  millrace::v1::Collector collector;
  size_t item_bytes_max = 0;
};

struct millrace_processor {
  millrace::v1::BatchProcessor processor;
};

struct millrace_statistics {
  millrace::v1::Statistics statistics;
};

struct millrace_batch {
  millrace::v1::BatchRef batch;
};

struct millrace_span_builder {
  millrace::v1::SpanBuilder builder{""};
};

struct millrace_log_record_builder {
  millrace::v1::LogRecordBuilder builder{millrace::v1::Severity::kUnspecified};
};

struct millrace_metric_point_builder {
  // Empty until reset() is called.
  millrace::v1::MetricPointBuilder builder{{}, millrace::v1::Gauge{}, 0};
};

namespace millrace::c_interface {

inline millrace_code to_code(v1::ErrorCode code) { return static_cast<millrace_code>(code); }
inline millrace_code to_code(v1::Status status) { return to_code(status.code()); }

// Runs `body`, which returns a code. An exception gives MILLRACE_UNAVAILABLE (out of memory).
template <class Body>
millrace_code guarded(Body body) noexcept {
  try {
    return body();
  } catch (...) {
    return MILLRACE_UNAVAILABLE;
  }
}

// Stores the message in the configuration and returns the code.
inline millrace_code refuse(millrace_config& config, millrace_code code, std::string message) {
  config.message = std::move(message);
  return code;
}

// Returns the configuration in the form of the C++ interface.
v1::Config assemble(const millrace_config& config);

// Copies a caller's structure. Fields that an older version of the caller does not have stay
// zero. False when it is too small, that is, when struct_size was not set.
template <class T>
bool read_struct(const T* from, size_t size_min, T& to) {
  if (from == nullptr || from->struct_size < size_min) return false;
  std::memset(&to, 0, sizeof to);
  std::memcpy(&to, from, std::min(from->struct_size, sizeof to));
  to.struct_size = sizeof to;
  return true;
}
// Copies in the other direction: as much as the caller's version has.
template <class T>
millrace_code write_struct(const T& from, T* to) {
  const size_t size = to->struct_size;
  if (size < sizeof size) return MILLRACE_INVALID_ARGUMENT;
  std::memcpy(to, &from, std::min(size, sizeof from));
  to->struct_size = size;
  return MILLRACE_OK;
}

}  // namespace millrace::c_interface
