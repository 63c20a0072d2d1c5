#include <gtest/gtest.h>

#include "config/batch.h"
#include "config/exporter_helper.h"
#include "config/memory_limiter.h"
#include "yaml/parse.h"

namespace millrace::config {
namespace {

std::string diagnose(std::string_view text, const std::function<void(Section&)>& read) {
  const auto root = yaml::parse(text, "a.yaml");
  EXPECT_TRUE(root.has_value()) << root.error().message;
  Diagnostics diagnostics;
  Section section(*root, diagnostics, "x");
  read(section);
  section.finish();
  return diagnostics.to_text();
}

std::string read(std::string_view text, ExporterHelperConfig& into) {
  return diagnose(text, [&](Section& section) { read_exporter_helper(section, into); });
}

TEST(ExporterHelperTest, SilenceMeansOtelcolsDefaults) {
  ExporterHelperConfig config;
  EXPECT_EQ(read("{}", config), "");
  EXPECT_EQ(config.timeout, 5s);
  EXPECT_TRUE(config.retry.enabled);
  EXPECT_EQ(config.queue.queue_size, 1000);
  EXPECT_FALSE(config.queue.batch.has_value());
  EXPECT_TRUE(config.required);
}

TEST(ExporterHelperTest, DeadLettersAreOffUnlessMentionedAndBoundedThen) {
  ExporterHelperConfig config;
  EXPECT_EQ(read("{}", config), "");
  EXPECT_FALSE(config.dead_letter.has_value());
  EXPECT_EQ(read("dead_letter: {path: /var/dead.jsonl}", config), "");
  ASSERT_TRUE(config.dead_letter.has_value());
  EXPECT_EQ(config.dead_letter->path, "/var/dead.jsonl");
  EXPECT_EQ(config.dead_letter->max_megabytes, 100);
  EXPECT_EQ(config.dead_letter->max_backups, 10);
  EXPECT_FALSE(config.dead_letter->include_expired);
  EXPECT_EQ(read("dead_letter: {path: a, include_expired: true, create_directory: true, "
                 "rotation: {max_megabytes: 5, max_days: 7, max_backups: 0, localtime: true}}",
                 config),
            "");
  EXPECT_EQ(config.dead_letter->max_megabytes, 5);
  EXPECT_EQ(config.dead_letter->max_days, 7);
  EXPECT_EQ(config.dead_letter->max_backups, 0);
  EXPECT_TRUE(config.dead_letter->local_time);
  EXPECT_TRUE(config.dead_letter->create_directory);
  EXPECT_TRUE(config.dead_letter->include_expired);
}

TEST(ExporterHelperTest, DeadLettersNeedAPath) {
  ExporterHelperConfig config;
  EXPECT_NE(read("dead_letter:", config).find("path must be set"), std::string::npos);
  EXPECT_NE(read("dead_letter: {path: a, rotation: {max_megabytes: 0}}", config)
                .find("expected an integer from 1"),
            std::string::npos);
}

TEST(ExporterHelperTest, EverythingIsRead) {
  ExporterHelperConfig config;
  EXPECT_EQ(read("timeout: 10s\nrequired: false\n"
                 "retry_on_failure: {initial_interval: 1s, max_interval: 2s, max_elapsed_time: 0, "
                 "multiplier: 2, randomization_factor: 0}\n"
                 "sending_queue: {num_consumers: 1, queue_size: 5_000_000, sizer: bytes, "
                 "on_full: drop_oldest, wait_for_result: true, block_timeout: 3s, batch: "
                 "{flush_timeout: 1s, "
                 "min_size: 10, max_size: 20, partition: {metadata_keys: [X-Tenant]}}}\n",
                 config),
            "");
  EXPECT_EQ(config.timeout, 10s);
  EXPECT_FALSE(config.required);
  EXPECT_EQ(config.retry.max_elapsed_time, 0s);
  EXPECT_EQ(config.queue.on_full, QueueOnFull::kDropOldest);
  EXPECT_EQ(config.queue.block_timeout, 3s);
  EXPECT_EQ(config.queue.batch->sizer, QueueSizer::kBytes);
  EXPECT_EQ(config.queue.batch->metadata_keys, std::vector<std::string>{"x-tenant"});
}

TEST(ExporterHelperTest, MentionedBatchIsOn) {
  ExporterHelperConfig config;
  EXPECT_EQ(read("sending_queue: {batch: {}}", config), "");
  EXPECT_EQ(config.queue.batch->min_size, 8192);
  config = {};
  EXPECT_EQ(read("sending_queue: {batch: {enabled: false}}", config), "");
  EXPECT_FALSE(config.queue.batch.has_value());
}

TEST(ExporterHelperTest, OtelcolsRulesAreKept) {
  const std::pair<const char*, const char*> kCases[] = {
      {"retry_on_failure: {max_elapsed_time: 10s}", "must be at least max_interval (30s)"},
      {"sending_queue: {batch: {min_size: 10, max_size: 5}}", "must be at least min_size (10)"},
      {"sending_queue: {sizer: items, batch: {}}", "must be at most queue_size (1000)"},
      {"sending_queue: {batch: {sizer: requests}}", "expected one of items, bytes"},
      {"sending_queue: {num_consumers: 0}", "expected an integer from 1"},
      {"sending_queue: {queue_size: 0}", "expected an integer of at least 1"},
      {"sending_queue: {spill: true}", "means nothing without storage"},
      {"sending_queue: {storage_max_size: 1}", "means nothing without storage"},
      {"sending_queue: {storage_max_age: 1h}", "means nothing without storage"},
      {"sending_queue: {storage: file_storage, storage_max_size: -1}",
       "expected an integer of at least 0"},
      {"sending_queue: {storage: file_storage, storage_max_sise: 1}",
       "did you mean \"storage_max_size\""},
      {"sending_queue: {block_on_overflow: true, on_full: reject}", "contradicts"},
      {"retry_on_failure: {randomization_factor: 1.5}", "expected a number from 0 to 1"},
  };
  for (const auto& [text, expected] : kCases) {
    ExporterHelperConfig config;
    EXPECT_NE(read(text, config).find(expected), std::string::npos) << read(text, config);
  }
}

TEST(ExporterHelperTest, AnIntervalMayBeAsLongAsAllRetriesTogether) {
  ExporterHelperConfig config;
  EXPECT_EQ(read("retry_on_failure: {initial_interval: 10s, max_interval: 10s, "
                 "max_elapsed_time: 10s}",
                 config),
            "");
}

TEST(BatchConfigTest, MaximumBelowMinimumIsAnError) {
  BatchConfig config;
  EXPECT_EQ(
      diagnose("send_batch_max_size: 100", [&](Section& section) { read_batch(section, config); }),
      "a.yaml:1:22: error: x::send_batch_max_size: send_batch_max_size (100) must be at "
      "least send_batch_size (8192)\n");
}

TEST(MemoryLimiterConfigTest, NeedsAnIntervalAndALimit) {
  MemoryLimiterConfig config;
  EXPECT_EQ(diagnose("{}", [&](Section& section) { read_memory_limiter(section, config); }),
            "a.yaml:1:1: error: x::check_interval: must be given and more than zero, for example "
            "1s\na.yaml:1:1: error: x: needs limit_mib or limit_percentage\n");
}

TEST(MemoryLimiterConfigTest, SoftLimitIsLimitLessSpike) {
  MemoryLimiterConfig config;
  EXPECT_EQ(diagnose("{check_interval: 1s, limit_mib: 100, limit_percentage: 50}",
                     [&](Section& section) { read_memory_limiter(section, config); }),
            "");
  EXPECT_EQ(config.hard_limit_bytes(1 << 30), 100u << 20);
  EXPECT_EQ(config.soft_limit_bytes(1 << 30), 80u << 20);
  config.spike_limit_mib = 10;
  EXPECT_EQ(config.soft_limit_bytes(1 << 30), 90u << 20);
}

}  // namespace
}  // namespace millrace::config
