// For fuzz targets: requests as libprotobuf reads them, and inputs that are valid requests more
// often than random bytes are.
#pragma once

#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <opentelemetry/proto/collector/logs/v1/logs_service.pb.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb.h>
#include "base/bytes.h"
#include "base/signal.h"
#include "otlp/example_requests.h"

namespace millrace::otlp::reference {

using TraceRequest = opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest;
using MetricsRequest = opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest;
using LogsRequest = opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest;

// Otherwise libprotobuf reports every string that is not UTF-8 on stderr.
inline void be_silent() { google::protobuf::SetLogHandler(nullptr); }

template <class Request>
bool parse(std::span<const uint8_t> bytes, Request* request) {
  return request->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// Calls `with(points)` with the mutable field of a metric's data points, whatever its type.
template <class Metric, class With>
void with_points(Metric& metric, const With& with) {
  switch (metric.data_case()) {
    case Metric::kGauge:
      return with(*metric.mutable_gauge()->mutable_data_points());
    case Metric::kSum:
      return with(*metric.mutable_sum()->mutable_data_points());
    case Metric::kHistogram:
      return with(*metric.mutable_histogram()->mutable_data_points());
    case Metric::kExponentialHistogram:
      return with(*metric.mutable_exponential_histogram()->mutable_data_points());
    case Metric::kSummary:
      return with(*metric.mutable_summary()->mutable_data_points());
    case Metric::DATA_NOT_SET:
      return;
  }
}

// Writes one line for each item: its surroundings, then the item. Changes the request.
template <class ResourceX, class Scopes, class Items>
void flatten_resource(ResourceX& resource, Scopes scopes, Items items,
                      std::vector<std::string>* lines) {
  auto scope_list = std::move(*scopes(resource));
  scopes(resource)->Clear();
  const std::string around = resource.SerializeAsString();
  for (auto& scope : scope_list) {
    auto item_list = std::move(*items(scope));
    items(scope)->Clear();
    const std::string inside = around + "/" + scope.SerializeAsString() + "/";
    for (auto& item : item_list) {
      if constexpr (requires { item.data_case(); }) {
        with_points(item, [&](auto& points) {
          auto point_list = std::move(points);
          points.Clear();
          const std::string metric = inside + item.SerializeAsString() + "/";
          for (auto& point : point_list) lines->push_back(metric + point.SerializeAsString());
        });
      } else {
        lines->push_back(inside + item.SerializeAsString());
      }
    }
  }
}

// Returns false when libprotobuf refuses the bytes.
inline bool flatten(Signal signal, std::span<const uint8_t> bytes,
                    std::vector<std::string>* lines) {
  switch (signal) {
    case Signal::kTraces: {
      TraceRequest request;
      if (!parse(bytes, &request)) return false;
      for (auto& r : *request.mutable_resource_spans()) {
        flatten_resource(
            r, [](auto& m) { return m.mutable_scope_spans(); },
            [](auto& m) { return m.mutable_spans(); }, lines);
      }
      return true;
    }
    case Signal::kMetrics: {
      MetricsRequest request;
      if (!parse(bytes, &request)) return false;
      for (auto& r : *request.mutable_resource_metrics()) {
        flatten_resource(
            r, [](auto& m) { return m.mutable_scope_metrics(); },
            [](auto& m) { return m.mutable_metrics(); }, lines);
      }
      return true;
    }
    case Signal::kLogs: {
      LogsRequest request;
      if (!parse(bytes, &request)) return false;
      for (auto& r : *request.mutable_resource_logs()) {
        flatten_resource(
            r, [](auto& m) { return m.mutable_scope_logs(); },
            [](auto& m) { return m.mutable_log_records(); }, lines);
      }
      return true;
    }
    case Signal::kProfiles:
      break;
  }
  return false;
}

struct FuzzInput {
  Signal signal = Signal::kTraces;
  uint8_t choice = 0;  // for use by the fuzz target
  Bytes message;
};

// Two bytes of choices, then the message itself or, if the first byte says so, changes of three
// bytes (two for the place, one for the new value) to a request that has every field.
inline FuzzInput read_input(std::span<const uint8_t> data) {
  FuzzInput input;
  if (data.size() < 2) return input;
  constexpr Signal kSignalsTried[] = {Signal::kTraces, Signal::kMetrics, Signal::kLogs};
  input.signal = kSignalsTried[data[0] % 3];
  input.choice = data[1];
  const bool is_example = (data[0] & 0x80) != 0;
  data = data.subspan(2);
  if (!is_example) {
    input.message = Bytes::copy_of(data);
    return input;
  }
  static const Bytes kExamples[] = {example_request_with_everything(Signal::kTraces),
                                    example_request_with_everything(Signal::kMetrics),
                                    example_request_with_everything(Signal::kLogs)};
  std::string text(kExamples[index_of(input.signal)].text());
  for (; data.size() >= 3; data = data.subspan(3)) {
    text[(data[0] << 8 | data[1]) % text.size()] = static_cast<char>(data[2]);
  }
  input.message = Bytes::copy_of(text);
  return input;
}

}  // namespace millrace::otlp::reference
