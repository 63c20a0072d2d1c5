// What stands behind the opaque handles of millrace/millrace.h, and the guard every function of it
// runs inside: no exception leaves, whatever throws it.
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
  // Without its endpoints; those are here, where their handles stay valid. The first is `endpoint`.
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
  // Of nothing until it is reset.
  millrace::v1::MetricPointBuilder builder{{}, millrace::v1::Gauge{}, 0};
};

namespace millrace::c_interface {

inline millrace_code to_code(v1::ErrorCode code) { return static_cast<millrace_code>(code); }
inline millrace_code to_code(v1::Status status) { return to_code(status.code()); }

// Runs `body`, which answers a code; what it throws is MILLRACE_UNAVAILABLE (there is no memory).
template <class Body>
millrace_code guarded(Body body) noexcept {
  try {
    return body();
  } catch (...) {
    return MILLRACE_UNAVAILABLE;
  }
}

// The same with a message for people left in the configuration.
inline millrace_code refuse(millrace_config& config, millrace_code code, std::string message) {
  config.message = std::move(message);
  return code;
}

// The configuration as the C++ interface takes it.
v1::Config assemble(const millrace_config& config);

// A caller's structure as this library knows it: what a caller of an older version does not have
// stays zero. False when it is too small to be one, that is, when struct_size was not set.
template <class T>
bool read_struct(const T* from, size_t size_min, T& to) {
  if (from == nullptr || from->struct_size < size_min) return false;
  std::memset(&to, 0, sizeof to);
  std::memcpy(&to, from, std::min(from->struct_size, sizeof to));
  to.struct_size = sizeof to;
  return true;
}
// The other way round: fills in as much as the caller knows.
template <class T>
millrace_code write_struct(const T& from, T* to) {
  const size_t size = to->struct_size;
  if (size < sizeof size) return MILLRACE_INVALID_ARGUMENT;
  std::memcpy(to, &from, std::min(size, sizeof from));
  to->struct_size = size;
  return MILLRACE_OK;
}

}  // namespace millrace::c_interface
