// From the public Config to the plan of an engine: ids, queues, batches, limits and mistakes.
#include "library/plan_from_config.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::library {
namespace {

using v1::Config;
using v1::ErrorCode;

EnginePlan plan_of(const Config& config) {
  auto plan = plan_from_config(config);
  EXPECT_TRUE(plan.ok()) << plan.error().message;
  return plan.ok() ? std::move(*plan) : EnginePlan{};
}
std::string error_of(const Config& config) {
  const auto plan = plan_from_config(config);
  if (plan.ok()) return "";
  EXPECT_EQ(plan.error().code, ErrorCode::kInvalidArgument);
  return plan.error().message;
}
std::vector<std::string> ids(const EnginePlan& plan) {
  std::vector<std::string> all;
  for (const auto& exporter : plan.plan.exporters) all.push_back(exporter.id);
  return all;
}

TEST(PlanFromConfigTest, NumbersAreAllowedUpToTheirBounds) {
  const struct {
    const char* field;
    void (*set)(Config&, uint64_t);
    uint64_t min, max;
  } ranges[] = {
      {"batch_size", [](Config& c, uint64_t n) { c.batch_size = static_cast<uint32_t>(n); }, 1,
       10'000'000},
      {"batch_timeout_ms",
       [](Config& c, uint64_t n) { c.batch_timeout_ms = static_cast<uint32_t>(n); }, 1, 86'400'000},
      {"buffer_capacity", [](Config& c, uint64_t n) { c.buffer_capacity = n; }, 1, 1'000'000'000},
      {"buffer_capacity",
       [](Config& c, uint64_t n) {
         c.buffer_capacity = n;
         c.on_full = v1::OnFull::kDropOldest;
       },
       2, 1'000'000'000},
      {"buffer_bytes", [](Config& c, uint64_t n) { c.buffer_bytes = n; }, 64 << 10,
       uint64_t{1} << 40},
      {"memory_budget_bytes", [](Config& c, uint64_t n) { c.memory_budget_bytes = n; }, 1 << 20,
       uint64_t{1} << 40},
      {"linger_ms", [](Config& c, uint64_t n) { c.linger_ms = static_cast<uint32_t>(n); }, 1, 1000},
      {"item_bytes_max", [](Config& c, uint64_t n) { c.item_bytes_max = n; }, 256, 64 << 20},
      {"storage_bytes_max", [](Config& c, uint64_t n) { c.storage_bytes_max = n; }, 2 << 20,
       uint64_t{1} << 50},
      {"endpoint.timeout_ms",
       [](Config& c, uint64_t n) { c.endpoint_options.timeout_ms = static_cast<uint32_t>(n); }, 1,
       3'600'000},
      {"endpoint.concurrency_max",
       [](Config& c, uint64_t n) { c.endpoint_options.concurrency_max = static_cast<uint32_t>(n); },
       1, 1000},
  };
  for (const auto& range : ranges) {
    const auto error_at = [&](uint64_t value) {
      Config config;
      range.set(config, value);
      return error_of(config);
    };
    EXPECT_EQ(error_at(range.min), "") << range.field;
    EXPECT_EQ(error_at(range.max), "") << range.field;
    const std::string expected = std::string(range.field) + ": expected " +
                                 std::to_string(range.min) + " to " + std::to_string(range.max) +
                                 ", found ";
    EXPECT_EQ(error_at(range.min - 1), expected + std::to_string(range.min - 1));
    EXPECT_EQ(error_at(range.max + 1), expected + std::to_string(range.max + 1));
  }
  Config unlimited;
  unlimited.storage_bytes_max = 0;
  EXPECT_EQ(error_of(unlimited), "");
}

TEST(PlanFromConfigTest, TheProtocolFollowsTheUrlUnlessItIsGiven) {
  const std::pair<v1::Endpoint, std::string> cases[] = {
      {{.url = "http://a:4317"}, "otlp_grpc"},
      {{.url = "http://a:4318"}, "otlp_http"},
      {{.url = "http://a:80/otlp"}, "otlp_http"},
      {{.url = "a:4317"}, "otlp_grpc"},
      {{.url = "http://a:4318", .protocol = v1::Protocol::kGrpc}, "otlp_grpc"},
      {{.url = "http://a:4317", .protocol = v1::Protocol::kHttp}, "otlp_http"},
      {{.url = "http://a:4317", .protocol = v1::Protocol::kHttpJson}, "otlp_http"},
  };
  for (const auto& [endpoint, kind] : cases) {
    Config config;
    config.endpoint = "";
    config.endpoints = {endpoint};
    EXPECT_EQ(ids(plan_of(config)), std::vector<std::string>{kind}) << endpoint.url;
  }
}

TEST(PlanFromConfigTest, EveryEndpointReceivesEverySignal) {
  Config config;
  config.endpoints = {{.url = "http://b:4318"}, {.url = "http://c:4317"}};
  const EnginePlan plan = plan_of(config);
  EXPECT_EQ(ids(plan), (std::vector<std::string>{"otlp_grpc", "otlp_http/2", "otlp_grpc/3"}));
  ASSERT_EQ(plan.plan.pipelines.size(), 3u);
  for (size_t signal = 0; signal < 3; ++signal) {
    EXPECT_EQ(plan.plan.pipelines[signal].signal, kSignals[signal]);
    EXPECT_EQ(plan.plan.pipelines[signal].exporters, (std::vector<size_t>{0, 1, 2}));
  }
  EXPECT_FALSE(plan.plan.metrics_page);
}

TEST(PlanFromConfigTest, MistakesInAUrlOrAHeaderAreNamedForBothProtocols) {
  for (const auto protocol : {v1::Protocol::kGrpc, v1::Protocol::kHttp}) {
    Config config;
    config.endpoint_options.protocol = protocol;
    config.endpoint = "ftp://a:1";
    EXPECT_TRUE(error_of(config).starts_with("endpoint: ")) << error_of(config);
    config.endpoint = "http://a:1";
    EXPECT_EQ(error_of(config), "");
    config.endpoint_options.headers = {{"a b", "v"}};
    EXPECT_EQ(error_of(config), "endpoint.headers: \"a b\" is not a header name");
    config.endpoint_options.headers = {{"", "v"}};
    EXPECT_EQ(error_of(config), "endpoint.headers: \"\" is not a header name");
    config.endpoint_options.headers = {{"X-Key", "secret\n"}};
    EXPECT_EQ(error_of(config), "endpoint.headers: control characters in the value of \"X-Key\"");
    for (const std::string good : {"a\tb", "~", " ", "\x80"}) {
      config.endpoint_options.headers = {{"x-key", good}};
      EXPECT_EQ(error_of(config), "") << good;
    }
    for (const std::string bad : {"\x1f", "\x7f"}) {
      config.endpoint_options.headers = {{"x-key", bad}};
      EXPECT_NE(error_of(config), "");
    }
    config.endpoint_options.headers = {{"x-bin", "\x01"}};
    EXPECT_EQ(error_of(config), "");
    config.endpoint_options.headers = {{"azAZ09!#$%&'*+-.^_`|~", "v"}};
    EXPECT_EQ(error_of(config), "");
  }
  Config config;
  config.endpoint = "http://a:4318/?x=y";
  EXPECT_TRUE(error_of(config).contains("a URL with a query is not supported"));
}

TEST(PlanFromConfigTest, RetriesAndTimesOfAnEndpoint) {
  Config config;
  config.endpoint_options = {.timeout_ms = 7,
                             .required = false,
                             .concurrency_max = 3,
                             .retry_for_ms = 100,
                             .retry_initial_ms = 20,
                             .retry_max_ms = 50};
  const auto helper = plan_of(config).plan.exporters.at(0).helper;
  EXPECT_EQ(helper.timeout, 7ms);
  EXPECT_FALSE(helper.required);
  EXPECT_EQ(helper.queue.num_consumers, 3);
  EXPECT_TRUE(helper.retry.enabled);
  EXPECT_EQ(helper.retry.max_elapsed_time, 100ms);
  EXPECT_EQ(helper.retry.initial_interval, 20ms);
  EXPECT_EQ(helper.retry.max_interval, 50ms);
  config.endpoint_options = {.retry_for_ms = 0, .retry_initial_ms = 0, .retry_max_ms = 0};
  const auto none = plan_of(config).plan.exporters.at(0).helper;
  EXPECT_FALSE(none.retry.enabled);
  EXPECT_EQ(none.retry.initial_interval, 1ms);
  EXPECT_EQ(none.retry.max_interval, 1ms);
}

TEST(PlanFromConfigTest, TheBufferIsTheBoundOfARequiredEndpoint) {
  Config config;
  config.buffer_capacity = 1000;
  config.endpoints = {{.url = "http://b:4317", .required = false}};
  const EnginePlan plan = plan_of(config);
  EXPECT_EQ(plan.buffer.items_max, 1000u);
  EXPECT_EQ(plan.plan.exporters.at(0).queue->capacity, uint64_t{1} << 40);
  EXPECT_EQ(plan.plan.exporters.at(1).queue->capacity, 1000u);
  EXPECT_EQ(plan.plan.exporters.at(0).queue->on_full, pipeline::OnFull::kReject);
  EXPECT_FALSE(plan.feeder.returns_credits_early);
  EXPECT_EQ(plan.feeder.policy, pipeline::Policy::kDelivered);
}

// A quarter is in transit, the rest lies where the oldest can be dropped.
TEST(PlanFromConfigTest, WhereTheOldestIsDroppedTheQueuesAreTheBound) {
  Config config;
  config.on_full = v1::OnFull::kDropOldest;
  for (const auto& [capacity, on_the_way] :
       {std::pair<uint64_t, uint64_t>{1000, 250}, {2, 1}, {3, 1}}) {
    config.buffer_capacity = capacity;
    const EnginePlan plan = plan_of(config);
    EXPECT_EQ(plan.buffer.items_max, on_the_way);
    EXPECT_EQ(plan.plan.exporters.at(0).queue->capacity, capacity - on_the_way);
    EXPECT_EQ(plan.plan.exporters.at(0).queue->on_full, pipeline::OnFull::kDropOldest);
    EXPECT_TRUE(plan.feeder.returns_credits_early);
  }
}

TEST(PlanFromConfigTest, BatchesFollowTheirOptions) {
  Config config;
  config.batch_size = 7;
  config.batch_timeout_ms = 2;
  config.linger_ms = 3;
  EnginePlan plan = plan_of(config);
  EXPECT_EQ(plan.plan.exporters.at(0).batch->mode, pipeline::BatchMode::kAdaptive);
  EXPECT_EQ(plan.plan.exporters.at(0).batch->items_max, 7u);
  EXPECT_EQ(plan.plan.exporters.at(0).batch->items_min, 7u);
  EXPECT_EQ(plan.plan.exporters.at(0).batch->flush_timeout, 2ms);
  EXPECT_EQ(plan.feeder.tick, 2ms);
  config.batching = v1::Batching::kFixed;
  config.batch_timeout_ms = 50;
  plan = plan_of(config);
  EXPECT_EQ(plan.plan.exporters.at(0).batch->mode, pipeline::BatchMode::kFixed);
  EXPECT_EQ(plan.feeder.tick, 3ms);
}

TEST(PlanFromConfigTest, StorageIsForRequiredEndpoints) {
  Config config;
  config.storage_directory = "/queue";
  config.buffer_capacity = 1000;
  config.storage_bytes_max = 64 << 20;
  config.endpoints = {{.url = "http://b:4317", .required = false}};
  const EnginePlan plan = plan_of(config);
  ASSERT_EQ(plan.plan.storages.size(), 1u);
  const auto& log = plan.plan.storages[0].options.log;
  EXPECT_TRUE(plan.plan.storages[0].options.creates_directory);
  EXPECT_EQ(log.directory, "/queue");
  EXPECT_EQ(log.bytes_max, 64u << 20);
  EXPECT_EQ(log.segment_bytes, 8u << 20);
  EXPECT_EQ(plan.plan.exporters.at(0).storage, 0u);
  EXPECT_EQ(plan.plan.exporters.at(0).helper.queue.storage, "file_storage");
  EXPECT_EQ(plan.plan.exporters.at(0).queue->capacity, uint64_t{1} << 40);
  EXPECT_FALSE(plan.plan.exporters.at(1).storage);
  EXPECT_EQ(plan.plan.exporters.at(1).queue->capacity, 1000u);
  EXPECT_EQ(plan.feeder.policy, pipeline::Policy::kDurable);
}

TEST(PlanFromConfigTest, SegmentsAreAnEighthOfTheStorageWithinBounds) {
  for (const auto& [bytes_max, segment_bytes] : {std::pair<uint64_t, uint64_t>{2 << 20, 1 << 20},
                                                 {0, 64 << 20},
                                                 {uint64_t{1} << 40, 64 << 20}}) {
    Config config;
    config.storage_directory = "/queue";
    config.storage_bytes_max = bytes_max;
    EXPECT_EQ(plan_of(config).plan.storages.at(0).options.log.segment_bytes, segment_bytes);
  }
}

TEST(PlanFromConfigTest, TheResourceNamesItsServiceOnce) {
  const auto resource_of = [](const Config& config) {
    std::string text;
    for (const v1::Attribute& one : plan_of(config).resource) {
      text += std::string(one.key) + "=" + std::string(one.value.as_text()) + ";";
    }
    return text;
  };
  Config config;
  config.resource = {{"a", "b"}};
  EXPECT_EQ(resource_of(config), "service.name=unknown_service;a=b;");
  config.service_name = "shop";
  EXPECT_EQ(resource_of(config), "service.name=shop;a=b;");
  config.resource = {{"service.name", "other"}, {"a", "b"}};
  EXPECT_EQ(resource_of(config), "service.name=shop;a=b;");
  config.service_name = "";
  EXPECT_EQ(resource_of(config), "service.name=other;a=b;");
}

class Named final : public v1::Exporter {
 public:
  explicit Named(std::string name) : name_(std::move(name)) {}
  v1::ExportResult export_batch(const v1::BatchRef&, Deadline) override { return {}; }
  std::string name() const override {
    if (name_.empty()) throw 1;
    return name_;
  }

 private:
  const std::string name_;
};

TEST(PlanFromConfigTest, ExportersOfTheProgramHaveNamesOfTheirOwn) {
  Config config;
  config.endpoint = "";
  config.exporters = {std::make_shared<Named>("a"), std::make_shared<Named>("a"),
                      std::make_shared<Named>("a")};
  const EnginePlan plan = plan_of(config);
  EXPECT_EQ(ids(plan), (std::vector<std::string>{"exporter/a", "exporter/a_2", "exporter/a_3"}));
  const auto& helper = plan.plan.exporters.at(0).helper;
  EXPECT_EQ(helper.timeout, 30s);
  EXPECT_EQ(helper.queue.num_consumers, 1);
  // One pipeline of each signal has all of them.
  size_t named = 0;
  for (const auto& pipeline : plan.plan.pipelines) named += pipeline.exporters.size();
  EXPECT_EQ(named, 9u);
  config.exporters = {std::make_shared<Named>("")};
  EXPECT_EQ(error_of(config), "exporters: name() threw");
  config.exporters = {nullptr};
  EXPECT_EQ(error_of(config), "exporters: an entry is null");
}

TEST(PlanFromConfigTest, OptionsOfItemsAreHandedOn) {
  Config config;
  config.item_bytes_max = 500;
  config.buffer_bytes = 1 << 20;
  config.attribute_value_length_max = 9;
  config.scope_name = "lib";
  config.scope_version = "2";
  config.memory_budget_bytes = 3 << 20;
  const EnginePlan plan = plan_of(config);
  EXPECT_EQ(plan.buffer.item_bytes_max, 500u);
  EXPECT_EQ(plan.buffer.bytes_max, 1u << 20);
  EXPECT_EQ(plan.buffer.ring_chunks_max, 256u);
  EXPECT_EQ(plan.encode.value_length_max, 9u);
  EXPECT_EQ(plan.scope_name, "lib");
  EXPECT_EQ(plan.scope_version, "2");
  EXPECT_EQ(plan.plan.budget_bytes, 3u << 20);
}

TEST(WordsTest, EveryReasonAndCodeHasItsWord) {
  const char* const reasons[] = {"buffer_full", "drop_oldest",    "retry_expired", "not_retried",
                                 "age_expired", "refused",        "bad_data",      "too_large",
                                 "deadline",    "storage_failed", "shutdown",      "handed_back"};
  for (size_t i = 0; i < v1::kDropReasonCount; ++i) {
    EXPECT_STREQ(drop_reason_name(static_cast<v1::DropReason>(i)), reasons[i]);
  }
  EXPECT_STREQ(drop_reason_name(static_cast<v1::DropReason>(v1::kDropReasonCount)), "unknown");
  EXPECT_STREQ(error_code_name(ErrorCode::kUnavailable), "UNAVAILABLE");
  EXPECT_STREQ(error_code_name(ErrorCode::kUnimplemented), "UNIMPLEMENTED");
  EXPECT_STREQ(error_code_name(static_cast<ErrorCode>(200)), "UNKNOWN");
}

}  // namespace
}  // namespace millrace::library
