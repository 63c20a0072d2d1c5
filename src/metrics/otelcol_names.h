// The names, types and help texts of otelcol's own metrics, as v0.162 shows them at :8888/metrics
// with its default reader. Dashboards and alerts depend on them; otelcol_names_test.cc fails when
// one is renamed. The comment of each metric lists its labels.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/signal.h"
#include "metrics/registry.h"

namespace millrace::metrics {

struct MetricInfo {
  std::string_view name;
  MetricType type;
  std::string_view help;  // ends in otelcol's stability mark
};

// One metric for each of traces, metrics, logs and profiles: `kFamily[index_of(signal)]`.
// otelcol has none for profiles; Millrace's follow its pattern.
using SignalMetrics = std::array<MetricInfo, kSignalCount>;

// Labels: receiver, transport ("grpc" or "http"). The first accepted item also creates the refused
// and failed series, at 0.
inline constexpr SignalMetrics kReceiverAccepted = {{
    {"otelcol_receiver_accepted_spans", MetricType::kCounter,
     "Number of spans successfully pushed into the pipeline. [Alpha]"},
    {"otelcol_receiver_accepted_metric_points", MetricType::kCounter,
     "Number of metric points successfully pushed into the pipeline. [Alpha]"},
    {"otelcol_receiver_accepted_log_records", MetricType::kCounter,
     "Number of log records successfully pushed into the pipeline. [Alpha]"},
    {"otelcol_receiver_accepted_samples", MetricType::kCounter,
     "Number of profile samples successfully pushed into the pipeline. [Development]"},
}};
inline constexpr SignalMetrics kReceiverRefused = {{
    {"otelcol_receiver_refused_spans", MetricType::kCounter,
     "Number of spans that could not be pushed into the pipeline. [Alpha]"},
    {"otelcol_receiver_refused_metric_points", MetricType::kCounter,
     "Number of metric points that could not be pushed into the pipeline. [Alpha]"},
    {"otelcol_receiver_refused_log_records", MetricType::kCounter,
     "Number of log records that could not be pushed into the pipeline. [Alpha]"},
    {"otelcol_receiver_refused_samples", MetricType::kCounter,
     "Number of profile samples that could not be pushed into the pipeline. [Development]"},
}};
inline constexpr SignalMetrics kReceiverFailed = {{
    {"otelcol_receiver_failed_spans", MetricType::kCounter,
     "Number of spans that the receiver failed to process by an internal error. [Alpha]"},
    {"otelcol_receiver_failed_metric_points", MetricType::kCounter,
     "Number of metric points that the receiver failed to process by an internal error. [Alpha]"},
    {"otelcol_receiver_failed_log_records", MetricType::kCounter,
     "Number of log records that the receiver failed to process by an internal error. [Alpha]"},
    {"otelcol_receiver_failed_samples", MetricType::kCounter,
     "Number of profile samples that the receiver failed to process by an internal error. "
     "[Development]"},
}};

// Labels: exporter; OTLP exporters add server_address and server_port, and over HTTP url_path.
inline constexpr SignalMetrics kExporterSent = {{
    {"otelcol_exporter_sent_spans", MetricType::kCounter,
     "Number of spans successfully sent to destination. [Alpha]"},
    {"otelcol_exporter_sent_metric_points", MetricType::kCounter,
     "Number of metric points successfully sent to destination. [Alpha]"},
    {"otelcol_exporter_sent_log_records", MetricType::kCounter,
     "Number of log records successfully sent to destination. [Alpha]"},
    {"otelcol_exporter_sent_samples", MetricType::kCounter,
     "Number of profile samples successfully sent to destination. [Development]"},
}};
inline constexpr SignalMetrics kExporterSendFailed = {{
    {"otelcol_exporter_send_failed_spans", MetricType::kCounter,
     "Number of spans in failed attempts to send to destination. [Alpha]"},
    {"otelcol_exporter_send_failed_metric_points", MetricType::kCounter,
     "Number of metric points in failed attempts to send to destination. [Alpha]"},
    {"otelcol_exporter_send_failed_log_records", MetricType::kCounter,
     "Number of log records in failed attempts to send to destination. [Alpha]"},
    {"otelcol_exporter_send_failed_samples", MetricType::kCounter,
     "Number of profile samples in failed attempts to send to destination. [Development]"},
}};
inline constexpr SignalMetrics kExporterEnqueueFailed = {{
    {"otelcol_exporter_enqueue_failed_spans", MetricType::kCounter,
     "Number of spans that could not be added to the sending queue. [Alpha]"},
    {"otelcol_exporter_enqueue_failed_metric_points", MetricType::kCounter,
     "Number of metric points that could not be added to the sending queue. [Alpha]"},
    {"otelcol_exporter_enqueue_failed_log_records", MetricType::kCounter,
     "Number of log records that could not be added to the sending queue. [Alpha]"},
    {"otelcol_exporter_enqueue_failed_samples", MetricType::kCounter,
     "Number of profile samples that could not be added to the sending queue. [Development]"},
}};

// Labels: exporter, data_type (the signal's name).
inline constexpr MetricInfo kExporterQueueSize = {
    "otelcol_exporter_queue_size", MetricType::kGauge,
    "Current size of the sending queue, in units of its sizer. [Alpha]"};
inline constexpr MetricInfo kExporterQueueCapacity = {
    "otelcol_exporter_queue_capacity", MetricType::kGauge,
    "Fixed capacity of the sending queue, in units of its sizer. [Alpha]"};
inline constexpr MetricInfo kExporterInFlightRequests = {
    "otelcol_exporter_in_flight_requests", MetricType::kGauge,
    "Number of requests sent to destination that are not answered yet. [Alpha]"};

// Labels: exporter, data_type. Shown at level detailed.
inline constexpr MetricInfo kExporterQueueBatchSendSize = {
    "otelcol_exporter_queue_batch_send_size", MetricType::kHistogram,
    "Number of items in a batch that was sent. [Development]"};
inline constexpr MetricInfo kExporterQueueBatchSendSizeBytes = {
    "otelcol_exporter_queue_batch_send_size_bytes", MetricType::kHistogram,
    "Number of bytes in a batch that was sent. [Development]"};

// Labels: processor, otel_signal.
inline constexpr MetricInfo kProcessorIncomingItems = {"otelcol_processor_incoming_items",
                                                       MetricType::kCounter,
                                                       "Number of items passed to the processor. "
                                                       "[Alpha]"};
inline constexpr MetricInfo kProcessorOutgoingItems = {"otelcol_processor_outgoing_items",
                                                       MetricType::kCounter,
                                                       "Number of items emitted from the "
                                                       "processor. [Alpha]"};

// Labels: filter.
inline constexpr SignalMetrics kProcessorFiltered = {{
    {"otelcol_processor_filter_spans_filtered", MetricType::kCounter,
     "Number of spans dropped by the filter processor [Development]"},
    {"otelcol_processor_filter_datapoints_filtered", MetricType::kCounter,
     "Number of metric data points dropped by the filter processor [Development]"},
    {"otelcol_processor_filter_logs_filtered", MetricType::kCounter,
     "Number of logs dropped by the filter processor [Development]"},
    {"otelcol_processor_filter_profiles_filtered", MetricType::kCounter,
     "Number of profiles dropped by the filter processor [Development]"},
}};

// Labels: processor.
inline constexpr MetricInfo kProcessorBatchSendSize = {
    "otelcol_processor_batch_batch_send_size", MetricType::kHistogram,
    "Number of items in a batch that was sent. [Development]"};
inline constexpr MetricInfo kProcessorBatchSizeTriggerSend = {
    "otelcol_processor_batch_batch_size_trigger_send", MetricType::kCounter,
    "Number of times a batch was sent because it was full. [Development]"};
inline constexpr MetricInfo kProcessorBatchTimeoutTriggerSend = {
    "otelcol_processor_batch_timeout_trigger_send", MetricType::kCounter,
    "Number of times a batch was sent because its timeout elapsed. [Development]"};
inline constexpr MetricInfo kProcessorBatchMetadataCardinality = {
    "otelcol_processor_batch_metadata_cardinality", MetricType::kGauge,
    "Number of combinations of metadata values with a pending batch. [Development]"};

// Labels: processor.
inline constexpr SignalMetrics kMemoryLimiterAccepted = {{
    {"otelcol_processor_memory_limiter_accepted_spans", MetricType::kCounter,
     "Number of spans admitted by the memory limit. [Development]"},
    {"otelcol_processor_memory_limiter_accepted_metric_points", MetricType::kCounter,
     "Number of metric points admitted by the memory limit. [Development]"},
    {"otelcol_processor_memory_limiter_accepted_log_records", MetricType::kCounter,
     "Number of log records admitted by the memory limit. [Development]"},
    {"otelcol_processor_memory_limiter_accepted_samples", MetricType::kCounter,
     "Number of profile samples admitted by the memory limit. [Development]"},
}};
inline constexpr SignalMetrics kMemoryLimiterRefused = {{
    {"otelcol_processor_memory_limiter_refused_spans", MetricType::kCounter,
     "Number of spans refused by the memory limit. [Development]"},
    {"otelcol_processor_memory_limiter_refused_metric_points", MetricType::kCounter,
     "Number of metric points refused by the memory limit. [Development]"},
    {"otelcol_processor_memory_limiter_refused_log_records", MetricType::kCounter,
     "Number of log records refused by the memory limit. [Development]"},
    {"otelcol_processor_memory_limiter_refused_samples", MetricType::kCounter,
     "Number of profile samples refused by the memory limit. [Development]"},
}};

// No labels. CPU seconds and uptime are counters with fractions.
inline constexpr MetricInfo kProcessCpuSeconds = {
    "otelcol_process_cpu_seconds", MetricType::kCounter,
    "Total CPU user and system time in seconds. [Alpha]"};
inline constexpr MetricInfo kProcessUptime = {"otelcol_process_uptime", MetricType::kCounter,
                                              "Uptime of the process in seconds. [Alpha]"};
inline constexpr MetricInfo kProcessMemoryRss = {
    "otelcol_process_memory_rss", MetricType::kGauge,
    "Total physical memory (resident set size) in bytes. [Alpha]"};
inline constexpr MetricInfo kProcessRuntimeHeapAllocBytes = {
    "otelcol_process_runtime_heap_alloc_bytes", MetricType::kGauge,
    "Bytes that the program has allocated and not freed. [Alpha]"};
inline constexpr MetricInfo kProcessRuntimeTotalSysMemoryBytes = {
    "otelcol_process_runtime_total_sys_memory_bytes", MetricType::kGauge,
    "Bytes the allocator has obtained from the system. [Alpha]"};

// The upper bounds of otelcol's histograms of batch sizes, in items and in bytes.
inline constexpr std::array<double, 22> kBatchSendSizeBounds = {
    10,   25,   50,   75,   100,  250,  500,   750,   1000,  2000,  3000,
    4000, 5000, 6000, 7000, 8000, 9000, 10000, 20000, 30000, 50000, 100000};
inline constexpr std::array<double, 18> kBatchSendSizeBytesBounds = {
    128,   256,    512,    1024,   2048,    4096,    8192,    16384,   32768,
    65536, 131072, 262144, 524288, 1048576, 2097152, 4194304, 8388608, 16777216};

}  // namespace millrace::metrics
