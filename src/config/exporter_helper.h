// The options that all exporters share, as otelcol's exporter helper has them: timeout,
// retry_on_failure, sending_queue, and Millrace's own `required`, `dead_letter` and
// `sending_queue.on_full`.
// Plain data; assembly turns them into pipeline::DestinationOptions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/section.h"

namespace millrace::config {

// retry_on_failure: exponential back-off with jitter.
struct RetryConfig {
  bool enabled = true;
  Duration initial_interval = 5s;
  Duration max_interval = 30s;
  Duration max_elapsed_time = 5min;  // since the first attempt; zero: for ever
  double multiplier = 1.5;
  double randomization_factor = 0.5;  // 0 to 1
  int64_t breaker_failures = 10;      // in a row, then only one batch at a time tries; 0: never
};

enum class QueueSizer : uint8_t { kRequests, kItems, kBytes };
// What of a backlog on disk is sent first.
enum class QueueOrder : uint8_t { kOldestFirst, kNewestFirst };
// What happens while the disk refuses: senders are refused, or memory alone holds the data.
enum class OnStorageError : uint8_t { kReject, kMemory };
enum class QueueOnFull : uint8_t { kReject, kBlock, kDropOldest };

// sending_queue.batch: present means that the user asked for otelcol's batching.
struct QueueBatchConfig {
  Duration flush_timeout = 200ms;
  int64_t min_size = 8192;
  int64_t max_size = 0;                    // 0: no limit
  QueueSizer sizer = QueueSizer::kItems;   // items or bytes
  std::vector<std::string> metadata_keys;  // lower case
};

struct SendingQueueConfig {
  bool enabled = true;
  int64_t num_consumers = 10;  // batches in flight at most
  int64_t queue_size = 1000;   // in units of `sizer`
  QueueSizer sizer = QueueSizer::kRequests;
  // What happens when it is full. block_on_overflow: true is otelcol's spelling of `block`.
  QueueOnFull on_full = QueueOnFull::kReject;
  Duration block_timeout = 10s;  // kBlock: for senders without a deadline; zero: none
  bool wait_for_result = false;  // senders hear OK when the destination has answered
  // The id of a storage extension; empty: the queue lives in memory.
  std::string storage;
  yaml::Place storage_place;
  std::string storage_path;
  // With storage: written only when memory is short.
  bool spill = false;
  QueueOrder order = QueueOrder::kOldestFirst;
  OnStorageError on_storage_error = OnStorageError::kReject;
  // With storage, limits the bytes that are on disk only; the oldest beyond it go. Zero: no limit.
  int64_t storage_max_size = 0;  // bytes of payloads
  Duration storage_max_age = 0s;
  std::optional<QueueBatchConfig> batch;
};

// dead_letter: a file for what the destination refuses for good. Always bounded: it turns over.
struct DeadLetterConfig {
  std::string path;
  int64_t max_megabytes = 100;  // MiB of one file
  int64_t max_days = 0;         // 0: backups are not removed for their age
  int64_t max_backups = 10;     // 0: all are kept
  bool local_time = false;      // in the names of backups; UTC otherwise
  bool create_directory = false;
  bool include_expired = false;  // also what was given up after failures that may pass
};

struct ExporterHelperConfig {
  Duration timeout = 5s;  // of one attempt; zero: none
  RetryConfig retry;
  SendingQueueConfig queue;
  // False: a full queue here never rejects a sender's request; it is dropped and counted.
  bool required = true;
  std::optional<DeadLetterConfig> dead_letter = std::nullopt;
};

// Reads the keys above out of an exporter's own section. Defaults are what `into` holds.
void read_exporter_helper(Section& exporter, ExporterHelperConfig& into);
// For exporters that have only some of them (debug: the queue).
void read_retry(Section& exporter, RetryConfig& into);
void read_sending_queue(Section& exporter, SendingQueueConfig& into);
// For connectors: the queue in front and its retries. What they hand on is under way until the
// pipelines behind have delivered it, so the whole queue may be, and no attempt has a time-out.
void read_connector_helper(Section& connector, ExporterHelperConfig& into);
void read_dead_letter(Section& exporter, std::optional<DeadLetterConfig>& into);

}  // namespace millrace::config
