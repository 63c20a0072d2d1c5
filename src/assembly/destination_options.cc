#include "assembly/destination_options.h"

#include <algorithm>
#include <bit>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "destination/destination.h"

namespace millrace::assembly {
namespace {

constexpr uint64_t kPlacesMin = 64;
constexpr uint64_t kPlacesMax = uint64_t{1} << 19;

pipeline::Sizer sizer_of(config::QueueSizer sizer) {
  switch (sizer) {
    case config::QueueSizer::kItems:
      return pipeline::Sizer::kItems;
    case config::QueueSizer::kBytes:
      return pipeline::Sizer::kBytes;
    case config::QueueSizer::kRequests:
      break;
  }
  return pipeline::Sizer::kRequests;
}

pipeline::OnFull on_full_of(config::QueueOnFull on_full) {
  switch (on_full) {
    case config::QueueOnFull::kBlock:
      return pipeline::OnFull::kBlock;
    case config::QueueOnFull::kDropOldest:
      return pipeline::OnFull::kDropOldest;
    case config::QueueOnFull::kReject:
      break;
  }
  return pipeline::OnFull::kReject;
}

// sending_queue.batch: wait for a minimum or the timeout, by items or by bytes.
pipeline::BatchOptions queue_batch(const config::QueueBatchConfig& batch) {
  pipeline::BatchOptions options;
  options.mode = pipeline::BatchMode::kFixed;
  const bool by_bytes = batch.sizer == config::QueueSizer::kBytes;
  const auto minimum = static_cast<uint64_t>(batch.min_size);
  const auto maximum = static_cast<uint64_t>(batch.max_size);
  options.items_min = by_bytes ? 0 : minimum;
  options.items_max = by_bytes ? 0 : maximum;
  options.bytes_min = by_bytes ? minimum : 0;
  options.bytes_max = by_bytes ? maximum : 0;
  options.flush_timeout = batch.flush_timeout;
  options.metadata_keys = batch.metadata_keys;
  return options;
}

// The batch processor: its timeout of zero sends each request at once, cut but not gathered.
pipeline::BatchOptions processor_batch(const config::BatchConfig& batch) {
  pipeline::BatchOptions options;
  options.mode = batch.timeout == 0s ? pipeline::BatchMode::kNone : pipeline::BatchMode::kFixed;
  options.items_min = static_cast<uint64_t>(batch.send_batch_size);
  options.items_max = static_cast<uint64_t>(batch.send_batch_max_size);
  options.flush_timeout = batch.timeout;
  options.metadata_keys = batch.metadata_keys;
  return options;
}

// Where another destination takes over at once, there is no reason to try for long.
constexpr uint32_t kFailoverFailures = 3;

}  // namespace

pipeline::DestinationOptions destination_options(const ExporterPlan& exporter, Signal signal,
                                                 const config::BatchConfig* batch) {
  const config::ExporterHelperConfig& helper = exporter.helper;
  pipeline::DestinationOptions options;
  options.name = exporter.id;
  options.signal = signal;
  options.timeout = helper.timeout;
  options.required = helper.required;

  options.retry.enabled = helper.retry.enabled;
  options.retry.initial_interval = helper.retry.initial_interval;
  options.retry.max_interval = helper.retry.max_interval;
  options.retry.max_elapsed_time = helper.retry.max_elapsed_time;
  options.retry.multiplier = helper.retry.multiplier;
  options.retry.randomization_factor = helper.retry.randomization_factor;
  options.retry.breaker_failures = static_cast<uint32_t>(helper.retry.breaker_failures);

  const config::SendingQueueConfig& queue = helper.queue;
  options.queue.capacity = static_cast<uint64_t>(queue.queue_size);
  options.queue.sizer = sizer_of(queue.sizer);
  options.queue.on_full = on_full_of(queue.on_full);
  options.queue.block_timeout = queue.block_timeout;
  options.concurrency.max = static_cast<uint32_t>(queue.num_consumers);
  options.wait_for_result = queue.wait_for_result;

  options.batch.joined_bytes_max = exporter.joined_bytes_max;
  if (!exporter.joins_requests) options.batch.mode = pipeline::BatchMode::kNone;
  if (batch != nullptr) options.batch = processor_batch(*batch);
  if (queue.batch) options.batch = queue_batch(*queue.batch);
  if (!queue.enabled) {
    // otelcol without a queue: the sender waits for the attempt, and nothing is gathered.
    options.wait_for_result = true;
    options.batch.mode = pipeline::BatchMode::kNone;
  }
  if (exporter.hands_back[index_of(signal)]) {
    options.hands_back = true;
    options.retry.breaker_failures = std::min(options.retry.breaker_failures, kFailoverFailures);
  }
  options.has_disk_in_front = exporter.has_disk_in_front[index_of(signal)];
  if (exporter.batch) options.batch = *exporter.batch;
  if (exporter.queue) options.queue = *exporter.queue;
  // Requests that are sent with different headers are not joined.
  const auto keep_apart = [&](std::span<const std::string> names) {
    std::vector<std::string>& keys = options.batch.metadata_keys;
    for (const std::string& key : names) {
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    }
  };
  keep_apart(exporter.metadata_keys);
  if (exporter.credentials != nullptr) keep_apart(exporter.credentials->context_keys());
  return options;
}

const ProcessorPlan* batch_processor_for(const Plan& plan, size_t exporter, Signal signal) {
  for (const PipelinePlan& pipeline : plan.pipelines) {
    const bool sends_there =
        std::ranges::find(pipeline.exporters, exporter) != pipeline.exporters.end();
    if (pipeline.signal != signal || !sends_there) continue;
    for (const size_t processor : pipeline.processors) {
      if (plan.processors[processor].batch) return &plan.processors[processor];
    }
  }
  return nullptr;
}

uint64_t places_each(const Plan& plan) {
  std::set<std::pair<size_t, Signal>> queues;
  for (const PipelinePlan& pipeline : plan.pipelines) {
    for (const size_t exporter : pipeline.exporters) queues.emplace(exporter, pipeline.signal);
  }
  const uint64_t bytes_each = plan.budget_bytes / 4 / std::max<size_t>(1, queues.size());
  return std::bit_floor(std::clamp<uint64_t>(bytes_each / pipeline::SendingQueue::kSlotBytes,
                                             kPlacesMin, kPlacesMax));
}

bool limit_places(pipeline::QueueOptions& queue, uint64_t places_max, bool has_storage) {
  queue.places_max = places_max;
  if (queue.sizer != pipeline::Sizer::kRequests || has_storage || queue.capacity <= places_max) {
    return false;
  }
  queue.capacity = places_max;
  return true;
}

}  // namespace millrace::assembly
