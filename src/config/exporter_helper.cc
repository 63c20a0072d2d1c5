#include "config/exporter_helper.h"

#include <algorithm>
#include <cctype>
#include <limits>

#include "config/duration.h"

namespace millrace::config {
namespace {

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

void read_batch(Section& section, const SendingQueueConfig& queue, bool sizer_is_given,
                std::optional<QueueBatchConfig>& into) {
  QueueBatchConfig batch;
  bool enabled = true;
  section.boolean("enabled", &enabled);
  if (sizer_is_given && queue.sizer == QueueSizer::kBytes) batch.sizer = QueueSizer::kBytes;
  if (sizer_is_given && queue.sizer == QueueSizer::kRequests && !section.has("sizer")) {
    section.error("needs its own sizer (items or bytes) when the queue counts requests");
  }
  section.choice("sizer", &batch.sizer,
                 {{"items", static_cast<int>(QueueSizer::kItems)},
                  {"bytes", static_cast<int>(QueueSizer::kBytes)}});
  section.duration("flush_timeout", &batch.flush_timeout);
  section.integer("min_size", &batch.min_size, {0, INT64_MAX});
  section.integer("max_size", &batch.max_size, {0, INT64_MAX});
  section.section("partition", [&](Section& partition) {
    partition.text_list("metadata_keys", &batch.metadata_keys);
    partition.ignored("cache_size", "partitions live only while they hold data");
    partition.ignored("idle_timeout", "partitions live only while they hold data");
  });
  for (std::string& key : batch.metadata_keys) {
    for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (!enabled) return;
  if (batch.flush_timeout == Duration(0)) {
    section.error_at("flush_timeout", "must be more than zero");
  }
  if (batch.max_size != 0 && batch.max_size < batch.min_size) {
    section.error_at("max_size", "max_size (" + std::to_string(batch.max_size) +
                                     ") must be at least min_size (" +
                                     std::to_string(batch.min_size) + ")");
  }
  if (batch.sizer == queue.sizer && batch.min_size > queue.queue_size) {
    section.error_at("min_size", "min_size (" + std::to_string(batch.min_size) +
                                     ") must be at most queue_size (" +
                                     std::to_string(queue.queue_size) + ")");
  }
  into = std::move(batch);
}

void read_on_full(Section& section, SendingQueueConfig& queue) {
  bool block_on_overflow = false;
  section.boolean("block_on_overflow", &block_on_overflow);
  if (block_on_overflow) queue.on_full = QueueOnFull::kBlock;
  QueueOnFull on_full = queue.on_full;
  const bool is_given =
      section.choice("on_full", &on_full,
                     {{"reject", static_cast<int>(QueueOnFull::kReject)},
                      {"block", static_cast<int>(QueueOnFull::kBlock)},
                      {"drop_oldest", static_cast<int>(QueueOnFull::kDropOldest)}});
  if (is_given && block_on_overflow && on_full != QueueOnFull::kBlock) {
    section.error_at("on_full", "contradicts block_on_overflow: true; give one of the two");
  }
  queue.on_full = on_full;
}

void read_storage(Section& section, SendingQueueConfig& queue) {
  section.text("storage", &queue.storage);
  if (const yaml::Node* storage = section.find("storage")) {
    queue.storage_place = storage->place;
    queue.storage_path = section.path() + "::storage";
  }
  section.boolean("spill", &queue.spill);
  section.choice("order", &queue.order,
                 {{"oldest_first", static_cast<int>(QueueOrder::kOldestFirst)},
                  {"newest_first", static_cast<int>(QueueOrder::kNewestFirst)}});
  section.choice("on_storage_error", &queue.on_storage_error,
                 {{"reject", static_cast<int>(OnStorageError::kReject)},
                  {"memory", static_cast<int>(OnStorageError::kMemory)}});
  section.integer("storage_max_size", &queue.storage_max_size, {0, INT64_MAX});
  section.duration("storage_max_age", &queue.storage_max_age);
  if (!queue.storage.empty()) return;
  for (const char* key :
       {"spill", "order", "on_storage_error", "storage_max_size", "storage_max_age"}) {
    if (section.has(key)) section.error_at(key, "means nothing without storage");
  }
}

// What bounds a queue and where it lies. True when its sizer is given.
bool read_queue(Section& section, SendingQueueConfig& queue) {
  section.integer("queue_size", &queue.queue_size, {1, INT64_MAX});
  const bool sizer_is_given = section.choice("sizer", &queue.sizer,
                                             {{"requests", static_cast<int>(QueueSizer::kRequests)},
                                              {"items", static_cast<int>(QueueSizer::kItems)},
                                              {"bytes", static_cast<int>(QueueSizer::kBytes)}});
  read_on_full(section, queue);
  section.duration("block_timeout", &queue.block_timeout);
  section.boolean("wait_for_result", &queue.wait_for_result);
  read_storage(section, queue);
  return sizer_is_given;
}

}  // namespace

void read_retry(Section& exporter, RetryConfig& into) {
  exporter.section("retry_on_failure", [&](Section& section) {
    section.boolean("enabled", &into.enabled);
    section.duration("initial_interval", &into.initial_interval);
    section.duration("max_interval", &into.max_interval);
    section.duration("max_elapsed_time", &into.max_elapsed_time);
    section.number("multiplier", &into.multiplier, 0, kUnlimited);
    section.number("randomization_factor", &into.randomization_factor, 0, 1);
    section.integer("breaker_failures", &into.breaker_failures, {0, 1'000'000});
    if (!into.enabled || into.max_elapsed_time == Duration(0)) return;
    // otelcol's rule, so that a mistake is named and not rounded away.
    const std::pair<const char*, Duration> kLimits[] = {{"initial_interval", into.initial_interval},
                                                        {"max_interval", into.max_interval}};
    for (const auto& [key, interval] : kLimits) {
      if (interval <= into.max_elapsed_time) continue;
      section.error_at("max_elapsed_time", "max_elapsed_time (" + to_text(into.max_elapsed_time) +
                                               ") must be at least " + key + " (" +
                                               to_text(interval) + "), or 0 for no limit");
    }
  });
}

void read_sending_queue(Section& exporter, SendingQueueConfig& into) {
  exporter.section("sending_queue", [&](Section& section) {
    section.boolean("enabled", &into.enabled);
    section.integer("num_consumers", &into.num_consumers, {1, 100'000});
    const bool sizer_is_given = read_queue(section, into);
    section.section("batch",
                    [&](Section& batch) { read_batch(batch, into, sizer_is_given, into.batch); });
  });
}

void read_connector_helper(Section& connector, ExporterHelperConfig& into) {
  into.timeout = 0s;
  read_retry(connector, into.retry);
  connector.section("sending_queue", [&](Section& section) {
    section.boolean("enabled", &into.queue.enabled);
    read_queue(section, into.queue);
    section.ignored("num_consumers", "a connector hands on all that waits at once");
    section.unsupported("batch", "a connector hands on each request as it came");
  });
  constexpr int64_t kMost = UINT32_MAX;
  into.queue.num_consumers = std::min(into.queue.queue_size, kMost);
}

void read_dead_letter(Section& exporter, std::optional<DeadLetterConfig>& into) {
  if (!exporter.has("dead_letter")) return;
  exporter.section("dead_letter", [&](Section& section) {
    DeadLetterConfig& letter = into.emplace();
    section.text("path", &letter.path);
    if (letter.path.empty()) section.error("path must be set");
    section.section("rotation", [&](Section& rotation) {
      rotation.integer("max_megabytes", &letter.max_megabytes, {.min = 1, .max = 1 << 20});
      rotation.integer("max_days", &letter.max_days, {.min = 0, .max = 36'500});
      rotation.integer("max_backups", &letter.max_backups, {.min = 0});
      rotation.boolean("localtime", &letter.local_time);
    });
    section.boolean("create_directory", &letter.create_directory);
    section.boolean("include_expired", &letter.include_expired);
  });
}

void read_exporter_helper(Section& exporter, ExporterHelperConfig& into) {
  exporter.duration("timeout", &into.timeout);
  exporter.boolean("required", &into.required);
  read_retry(exporter, into.retry);
  read_sending_queue(exporter, into.queue);
  read_dead_letter(exporter, into.dead_letter);
}

}  // namespace millrace::config
