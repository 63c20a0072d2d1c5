// The mapping from what users write to what a destination does: every cell of it.
#include "assembly/destination_options.h"

#include <gtest/gtest.h>

#include "destination/destination.h"

namespace millrace::assembly {
namespace {

using config::BatchConfig;
using config::QueueBatchConfig;
using config::QueueOnFull;
using config::QueueSizer;
using pipeline::BatchMode;
using pipeline::DestinationOptions;
using pipeline::OnFull;
using pipeline::Sizer;

ExporterPlan plain() { return {.id = "otlp_grpc/a"}; }

TEST(DestinationOptionsTest, WithoutAWordBatchesAreAdaptive) {
  const DestinationOptions made = destination_options(plain(), Signal::kLogs, nullptr);
  const DestinationOptions defaults;
  EXPECT_EQ(made.name, "otlp_grpc/a");
  EXPECT_EQ(made.signal, Signal::kLogs);
  EXPECT_EQ(made.batch.mode, BatchMode::kAdaptive);
  EXPECT_EQ(made.batch.items_max, defaults.batch.items_max);
  EXPECT_EQ(made.queue.capacity, 1000u);
  EXPECT_EQ(made.queue.sizer, Sizer::kRequests);
  EXPECT_EQ(made.queue.on_full, OnFull::kReject);
  EXPECT_EQ(made.concurrency.max, 10u);
  EXPECT_EQ(made.timeout, 5s);
  EXPECT_TRUE(made.required);
  EXPECT_FALSE(made.wait_for_result);
}

TEST(DestinationOptionsTest, RetryTimeoutAndNeedAreTakenOver) {
  ExporterPlan exporter = plain();
  exporter.helper.timeout = 7s;
  exporter.helper.required = false;
  exporter.helper.retry = {.enabled = false,
                           .initial_interval = 1s,
                           .max_interval = 2s,
                           .max_elapsed_time = 3s,
                           .multiplier = 4,
                           .randomization_factor = 0.25};
  const DestinationOptions made = destination_options(exporter, Signal::kTraces, nullptr);
  EXPECT_EQ(made.timeout, 7s);
  EXPECT_FALSE(made.required);
  EXPECT_FALSE(made.retry.enabled);
  EXPECT_EQ(made.retry.initial_interval, 1s);
  EXPECT_EQ(made.retry.max_interval, 2s);
  EXPECT_EQ(made.retry.max_elapsed_time, 3s);
  EXPECT_EQ(made.retry.multiplier, 4);
  EXPECT_EQ(made.retry.randomization_factor, 0.25);
}

TEST(DestinationOptionsTest, EachSizerAndEachAnswerToAFullQueueHasItsTwin) {
  const std::pair<QueueSizer, Sizer> kSizers[] = {{QueueSizer::kRequests, Sizer::kRequests},
                                                  {QueueSizer::kItems, Sizer::kItems},
                                                  {QueueSizer::kBytes, Sizer::kBytes}};
  const std::pair<QueueOnFull, OnFull> kOnFull[] = {
      {QueueOnFull::kReject, OnFull::kReject},
      {QueueOnFull::kBlock, OnFull::kBlock},
      {QueueOnFull::kDropOldest, OnFull::kDropOldest}};
  for (const auto& [sizer, wanted_sizer] : kSizers) {
    for (const auto& [on_full, wanted_on_full] : kOnFull) {
      ExporterPlan exporter = plain();
      exporter.helper.queue.sizer = sizer;
      exporter.helper.queue.on_full = on_full;
      exporter.helper.queue.queue_size = 77;
      exporter.helper.queue.num_consumers = 3;
      exporter.helper.queue.wait_for_result = true;
      exporter.helper.queue.block_timeout = 4s;
      const DestinationOptions made = destination_options(exporter, Signal::kTraces, nullptr);
      EXPECT_EQ(made.queue.sizer, wanted_sizer);
      EXPECT_EQ(made.queue.on_full, wanted_on_full);
      EXPECT_EQ(made.queue.block_timeout, 4s);
      EXPECT_EQ(made.queue.capacity, 77u);
      EXPECT_EQ(made.concurrency.max, 3u);
      EXPECT_TRUE(made.wait_for_result);
    }
  }
}

TEST(DestinationOptionsTest, TheBatchProcessorMakesBatchesFixed) {
  BatchConfig batch;
  batch.timeout = 3s;
  batch.send_batch_size = 500;
  batch.send_batch_max_size = 600;
  batch.metadata_keys = {"tenant"};
  const DestinationOptions made = destination_options(plain(), Signal::kTraces, &batch);
  EXPECT_EQ(made.batch.mode, BatchMode::kFixed);
  EXPECT_EQ(made.batch.items_min, 500u);
  EXPECT_EQ(made.batch.items_max, 600u);
  EXPECT_EQ(made.batch.bytes_min, 0u);
  EXPECT_EQ(made.batch.bytes_max, 0u);
  EXPECT_EQ(made.batch.flush_timeout, 3s);
  EXPECT_EQ(made.batch.metadata_keys, std::vector<std::string>{"tenant"});
}

TEST(DestinationOptionsTest, ABatchProcessorWithoutTimeoutCutsAndGathersNothing) {
  BatchConfig batch;
  batch.timeout = 0s;
  batch.send_batch_max_size = 100;
  const DestinationOptions made = destination_options(plain(), Signal::kTraces, &batch);
  EXPECT_EQ(made.batch.mode, BatchMode::kNone);
  EXPECT_EQ(made.batch.items_max, 100u);
}

TEST(DestinationOptionsTest, TheQueuesOwnBatchWinsOverTheProcessor) {
  BatchConfig processor;
  processor.send_batch_size = 1;
  ExporterPlan exporter = plain();
  exporter.helper.queue.batch = QueueBatchConfig{.flush_timeout = 9s,
                                                 .min_size = 10,
                                                 .max_size = 20,
                                                 .sizer = QueueSizer::kItems,
                                                 .metadata_keys = {"a"}};
  const DestinationOptions made = destination_options(exporter, Signal::kTraces, &processor);
  EXPECT_EQ(made.batch.mode, BatchMode::kFixed);
  EXPECT_EQ(made.batch.items_min, 10u);
  EXPECT_EQ(made.batch.items_max, 20u);
  EXPECT_EQ(made.batch.bytes_min, 0u);
  EXPECT_EQ(made.batch.bytes_max, 0u);
  EXPECT_EQ(made.batch.flush_timeout, 9s);
  EXPECT_EQ(made.batch.metadata_keys, std::vector<std::string>{"a"});
}

class TenantSource final : public transport::CredentialSource {
 public:
  Result<transport::Credentials> current(const transport::CredentialContext&) override {
    return nullptr;
  }
  std::span<const std::string> context_keys() const override { return keys_; }

 private:
  const std::vector<std::string> keys_ = {"tenant", "region"};
};

TEST(DestinationOptionsTest, HeadersThatAreTakenFromRequestsArePartOfTheBatchKey) {
  ExporterPlan exporter = plain();
  exporter.credentials = std::make_shared<TenantSource>();
  DestinationOptions made = destination_options(exporter, Signal::kTraces, nullptr);
  EXPECT_EQ(made.batch.metadata_keys, (std::vector<std::string>{"tenant", "region"}));
  exporter.helper.queue.batch = QueueBatchConfig{.metadata_keys = {"a", "region"}};
  made = destination_options(exporter, Signal::kTraces, nullptr);
  EXPECT_EQ(made.batch.metadata_keys, (std::vector<std::string>{"a", "region", "tenant"}));
}

TEST(DestinationOptionsTest, ABatchInBytesIsNoMatterOfItems) {
  ExporterPlan exporter = plain();
  exporter.helper.queue.batch =
      QueueBatchConfig{.min_size = 1000, .max_size = 2000, .sizer = QueueSizer::kBytes};
  const DestinationOptions made = destination_options(exporter, Signal::kTraces, nullptr);
  EXPECT_EQ(made.batch.bytes_min, 1000u);
  EXPECT_EQ(made.batch.bytes_max, 2000u);
  EXPECT_EQ(made.batch.items_min, 0u);
  EXPECT_EQ(made.batch.items_max, 0u);
}

TEST(DestinationOptionsTest, WithoutAQueueTheSenderWaitsAndNothingIsGathered) {
  BatchConfig processor;
  ExporterPlan exporter = plain();
  exporter.helper.queue.enabled = false;
  exporter.helper.queue.batch = QueueBatchConfig{};
  const DestinationOptions made = destination_options(exporter, Signal::kTraces, &processor);
  EXPECT_TRUE(made.wait_for_result);
  EXPECT_EQ(made.batch.mode, BatchMode::kNone);
}

TEST(DestinationOptionsTest, ExportersThatShowRequestsGetThemAsTheyCame) {
  ExporterPlan exporter = plain();
  exporter.joins_requests = false;
  EXPECT_EQ(destination_options(exporter, Signal::kTraces, nullptr).batch.mode, BatchMode::kNone);
  // Unless a batch processor was asked for.
  BatchConfig batch;
  batch.timeout = 1s;
  EXPECT_EQ(destination_options(exporter, Signal::kTraces, &batch).batch.mode, BatchMode::kFixed);
}

TEST(DestinationOptionsTest, BatchesThatAreAskedForAreJoinedBeyondTheExportersMaximum) {
  ExporterPlan exporter = plain();
  exporter.joined_bytes_max = 1000;
  EXPECT_EQ(destination_options(exporter, Signal::kTraces, nullptr).batch.joined_bytes_max, 1000u);
  exporter.helper.queue.batch = QueueBatchConfig{};
  EXPECT_EQ(destination_options(exporter, Signal::kTraces, nullptr).batch.joined_bytes_max, 0u);
}

TEST(DestinationOptionsTest, ThePlacesOfAllQueuesTakeAQuarterOfTheBudgetAtMost) {
  Plan plan;
  plan.budget_bytes = 64 << 20;
  plan.exporters.resize(2);
  for (const Signal signal : {Signal::kTraces, Signal::kLogs}) {
    plan.pipelines.push_back({.signal = signal, .exporters = {0, 1}});
    plan.pipelines.push_back({.signal = signal, .exporters = {0}});  // no queue more
  }
  const uint64_t places = places_each(plan);
  EXPECT_LE(4 * places * pipeline::SendingQueue::kSlotBytes, plan.budget_bytes / 4);
  EXPECT_GT(8 * places * pipeline::SendingQueue::kSlotBytes, plan.budget_bytes / 4);
  plan.budget_bytes = 1 << 10;
  EXPECT_EQ(places_each(plan), 64u);
}

TEST(DestinationOptionsTest, AQueueInMemoryIsNoLongerThanItsPlaces) {
  pipeline::QueueOptions queue{.capacity = 1'000'000, .sizer = Sizer::kRequests};
  EXPECT_TRUE(limit_places(queue, 4096, false));
  EXPECT_EQ(queue.capacity, 4096u);
  EXPECT_FALSE(limit_places(queue, 4096, false)) << "nothing is left to change";
  queue.capacity = 1'000'000;
  EXPECT_FALSE(limit_places(queue, 4096, true)) << "the disk has room for them";
  EXPECT_EQ(queue.capacity, 1'000'000u);
  EXPECT_EQ(queue.places_max, 4096u);
  queue.sizer = Sizer::kBytes;
  EXPECT_FALSE(limit_places(queue, 4096, false));
}

}  // namespace
}  // namespace millrace::assembly
