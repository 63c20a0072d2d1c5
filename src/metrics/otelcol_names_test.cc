#include "metrics/otelcol_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace millrace::metrics {
namespace {

std::string line(const MetricInfo& info) {
  constexpr const char* kTypes[] = {"counter", "gauge", "histogram"};
  return std::string(info.name) + " " + kTypes[static_cast<size_t>(info.type)];
}

std::vector<MetricInfo> all_metrics() {
  std::vector<MetricInfo> all;
  for (const SignalMetrics* family :
       {&kReceiverAccepted, &kReceiverRefused, &kReceiverFailed, &kExporterSent,
        &kExporterSendFailed, &kExporterEnqueueFailed, &kMemoryLimiterAccepted,
        &kMemoryLimiterRefused, &kProcessorFiltered}) {
    all.insert(all.end(), family->begin(), family->end());
  }
  all.insert(all.end(), {kExporterQueueSize, kExporterQueueCapacity, kExporterInFlightRequests,
                         kExporterQueueBatchSendSize, kExporterQueueBatchSendSizeBytes,
                         kProcessorIncomingItems, kProcessorOutgoingItems, kProcessorBatchSendSize,
                         kProcessorBatchSizeTriggerSend, kProcessorBatchTimeoutTriggerSend,
                         kProcessorBatchMetadataCardinality, kProcessCpuSeconds, kProcessUptime,
                         kProcessMemoryRss, kProcessRuntimeHeapAllocBytes,
                         kProcessRuntimeTotalSysMemoryBytes});
  return all;
}

// Written by hand in the order of all_metrics(): the names that dashboards use.
constexpr const char* kGolden[] = {
    "otelcol_receiver_accepted_spans counter",
    "otelcol_receiver_accepted_metric_points counter",
    "otelcol_receiver_accepted_log_records counter",
    "otelcol_receiver_accepted_samples counter",
    "otelcol_receiver_refused_spans counter",
    "otelcol_receiver_refused_metric_points counter",
    "otelcol_receiver_refused_log_records counter",
    "otelcol_receiver_refused_samples counter",
    "otelcol_receiver_failed_spans counter",
    "otelcol_receiver_failed_metric_points counter",
    "otelcol_receiver_failed_log_records counter",
    "otelcol_receiver_failed_samples counter",
    "otelcol_exporter_sent_spans counter",
    "otelcol_exporter_sent_metric_points counter",
    "otelcol_exporter_sent_log_records counter",
    "otelcol_exporter_sent_samples counter",
    "otelcol_exporter_send_failed_spans counter",
    "otelcol_exporter_send_failed_metric_points counter",
    "otelcol_exporter_send_failed_log_records counter",
    "otelcol_exporter_send_failed_samples counter",
    "otelcol_exporter_enqueue_failed_spans counter",
    "otelcol_exporter_enqueue_failed_metric_points counter",
    "otelcol_exporter_enqueue_failed_log_records counter",
    "otelcol_exporter_enqueue_failed_samples counter",
    "otelcol_processor_memory_limiter_accepted_spans counter",
    "otelcol_processor_memory_limiter_accepted_metric_points counter",
    "otelcol_processor_memory_limiter_accepted_log_records counter",
    "otelcol_processor_memory_limiter_accepted_samples counter",
    "otelcol_processor_memory_limiter_refused_spans counter",
    "otelcol_processor_memory_limiter_refused_metric_points counter",
    "otelcol_processor_memory_limiter_refused_log_records counter",
    "otelcol_processor_memory_limiter_refused_samples counter",
    "otelcol_processor_filter_spans_filtered counter",
    "otelcol_processor_filter_datapoints_filtered counter",
    "otelcol_processor_filter_logs_filtered counter",
    "otelcol_processor_filter_profiles_filtered counter",
    "otelcol_exporter_queue_size gauge",
    "otelcol_exporter_queue_capacity gauge",
    "otelcol_exporter_in_flight_requests gauge",
    "otelcol_exporter_queue_batch_send_size histogram",
    "otelcol_exporter_queue_batch_send_size_bytes histogram",
    "otelcol_processor_incoming_items counter",
    "otelcol_processor_outgoing_items counter",
    "otelcol_processor_batch_batch_send_size histogram",
    "otelcol_processor_batch_batch_size_trigger_send counter",
    "otelcol_processor_batch_timeout_trigger_send counter",
    "otelcol_processor_batch_metadata_cardinality gauge",
    "otelcol_process_cpu_seconds counter",
    "otelcol_process_uptime counter",
    "otelcol_process_memory_rss gauge",
    "otelcol_process_runtime_heap_alloc_bytes gauge",
    "otelcol_process_runtime_total_sys_memory_bytes gauge",
};

TEST(OtelcolNamesTest, NamesAndTypesAreOtelcols) {
  const std::vector<MetricInfo> all = all_metrics();
  ASSERT_EQ(all.size(), std::size(kGolden));
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(line(all[i]), kGolden[i]);
}

TEST(OtelcolNamesTest, SignalMetricsEndInTheItemsName) {
  for (const SignalMetrics* family :
       {&kReceiverAccepted, &kReceiverRefused, &kReceiverFailed, &kExporterSent,
        &kExporterSendFailed, &kExporterEnqueueFailed}) {
    for (const Signal signal : kSignals) {
      EXPECT_TRUE((*family)[index_of(signal)].name.ends_with(item_name(signal)));
    }
  }
}

TEST(OtelcolNamesTest, HelpEndsInItsStability) {
  for (const MetricInfo& info : all_metrics()) {
    EXPECT_TRUE(info.help.ends_with(" [Alpha]") || info.help.ends_with(" [Development]"))
        << info.name;
  }
}

TEST(OtelcolNamesTest, BoundsAscend) {
  EXPECT_TRUE(std::is_sorted(kBatchSendSizeBounds.begin(), kBatchSendSizeBounds.end()));
  EXPECT_TRUE(std::is_sorted(kBatchSendSizeBytesBounds.begin(), kBatchSendSizeBytesBounds.end()));
  EXPECT_EQ(kBatchSendSizeBounds.back(), 100000);
  EXPECT_EQ(kBatchSendSizeBytesBounds.back(), 16777216);
}

}  // namespace
}  // namespace millrace::metrics
