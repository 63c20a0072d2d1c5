#include "library/plan_from_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "assembly/catalogue.h"
#include "assembly/plan_from_document.h"
#include "config/document.h"
#include "io/system.h"
#include "library/config_error.h"
#include "library/endpoint_plan.h"
#include "library/user_exporter.h"
#include "migration/replacements.h"
#include "yaml/source.h"

namespace millrace::library {
namespace {

using v1::Config;
using v1::Endpoint;

// The buffer's credits are the bound, not the queue.
constexpr uint64_t kUnbounded = uint64_t{1} << 40;
// The size of a destination's ring in requests; further requests wait in the feeder.
constexpr uint32_t kQueuedRequestsMax = 16384;
// With OnFull::kDropOldest this share of the capacity is in transit, the rest in the queues.
constexpr uint64_t kOnTheWayShare = 4;
constexpr Duration kUserExporterTimeout = 30s;
constexpr uint64_t kStorageMin = 2 << 20;
constexpr char kStorageId[] = "file_storage";

class Planner {
 public:
  explicit Planner(const Config& config) : config_(config) {}

  v1::Result<EnginePlan> make() {
    if (auto wrong = check_numbers()) return std::move(*wrong);
    made_.encode.value_length_max = config_.attribute_value_length_max;
    made_.log = config_.log;
    set_resource();
    set_buffer();
    if (config_.yaml.empty()) {
      if (auto wrong = add_endpoints()) return std::move(*wrong);
    } else {
      auto plan = plan_from_yaml(config_.yaml);
      if (!plan) return plan.error();
      made_.plan = std::move(*plan);
    }
    if (auto wrong = add_user_exporters()) return std::move(*wrong);
    if (made_.plan.exporters.empty()) {
      return invalid("no endpoint and no exporter: set Config::endpoint or Config::exporters");
    }
    return std::move(made_);
  }

 private:
  Wrong check_numbers() const {
    const uint64_t items_min = config_.on_full == v1::OnFull::kDropOldest ? 2 : 1;
    const struct {
      const char* field;
      uint64_t value, min, max;
    } ranges[] = {
        {"batch_size", config_.batch_size, 1, 10'000'000},
        {"batch_timeout_ms", config_.batch_timeout_ms, 1, 86'400'000},
        {"buffer_capacity", config_.buffer_capacity, items_min, 1'000'000'000},
        {"buffer_bytes", config_.buffer_bytes, 64 << 10, uint64_t{1} << 40},
        {"memory_budget_bytes", config_.memory_budget_bytes, 1 << 20, uint64_t{1} << 40},
        {"linger_ms", config_.linger_ms, 1, 1000},
        {"item_bytes_max", config_.item_bytes_max, 256, 64 << 20},
        {"storage_bytes_max",
         config_.storage_bytes_max == 0 ? kStorageMin : config_.storage_bytes_max, kStorageMin,
         uint64_t{1} << 50},
    };
    for (const auto& range : ranges) {
      if (auto wrong = check_range(range.field, range.value, range.min, range.max)) return wrong;
    }
    return {};
  }

  void set_resource() {
    made_.scope_name = config_.scope_name;
    made_.scope_version = config_.scope_version;
    const bool names_itself = std::ranges::any_of(
        config_.resource, [](const v1::Attribute& one) { return one.key == "service.name"; });
    if (!config_.service_name.empty()) {
      made_.resource.push_back({"service.name", config_.service_name});
    } else if (!names_itself) {
      made_.resource.push_back({"service.name", "unknown_service"});
    }
    for (const v1::Attribute& one : config_.resource) {
      if (one.key == "service.name" && !config_.service_name.empty()) continue;
      made_.resource.push_back(one);
    }
  }

  void set_buffer() {
    made_.buffer.items_max = config_.buffer_capacity;
    made_.buffer.bytes_max = config_.buffer_bytes;
    made_.buffer.item_bytes_max = config_.item_bytes_max;
    made_.buffer.on_full = config_.on_full;
    // A chunk is at least 4 KiB, so that the ring is never full before the bytes are used up.
    made_.buffer.ring_chunks_max =
        std::clamp<size_t>(config_.buffer_bytes / kChunkSizes.front(), 64, 65536);
    made_.feeder.tick =
        std::chrono::milliseconds(std::min(config_.linger_ms, config_.batch_timeout_ms));
    queue_ = {.capacity = kUnbounded,
              .sizer = pipeline::Sizer::kItems,
              .on_full = pipeline::OnFull::kReject,
              .requests_max = kQueuedRequestsMax};
    if (config_.on_full == v1::OnFull::kDropOldest) {
      const uint64_t on_the_way = std::max<uint64_t>(1, config_.buffer_capacity / kOnTheWayShare);
      made_.buffer.items_max = on_the_way;
      made_.feeder.returns_credits_early = true;
      queue_.capacity = config_.buffer_capacity - on_the_way;
      queue_.on_full = pipeline::OnFull::kDropOldest;
    }
    const bool is_fixed = config_.batching == v1::Batching::kFixed;
    batch_ = {.mode = is_fixed ? pipeline::BatchMode::kFixed : pipeline::BatchMode::kAdaptive,
              .items_max = config_.batch_size,
              .items_min = config_.batch_size,
              .flush_timeout = std::chrono::milliseconds(config_.batch_timeout_ms)};
  }

  void add_exporter(assembly::ExporterPlan exporter) {
    exporter.batch = batch_;
    exporter.queue = queue_;
    // Requests without a record on disk hold no credit of the buffer, so their queue needs its own
    // bound.
    const bool is_bounded_by_buffer = made_.plan.storages.empty() || exporter.storage.has_value();
    if (!exporter.helper.required || !is_bounded_by_buffer) {
      exporter.queue->capacity = std::min(exporter.queue->capacity, config_.buffer_capacity);
    }
    made_.plan.exporters.push_back(std::move(exporter));
  }

  Wrong add_endpoints() {
    made_.plan.metrics_page.reset();
    made_.plan.budget_bytes = config_.memory_budget_bytes;
    add_storage();
    if (!config_.endpoint.empty()) {
      Endpoint first = config_.endpoint_options;
      first.url = config_.endpoint;
      if (auto wrong = add_endpoint(first, "endpoint")) return wrong;
    }
    for (size_t index = 0; index < config_.endpoints.size(); ++index) {
      if (auto wrong =
              add_endpoint(config_.endpoints[index], fmt::format("endpoints[{}]", index))) {
        return wrong;
      }
    }
    for (size_t signal = 0; signal < kBufferedSignals; ++signal) {
      assembly::PipelinePlan pipeline{.signal = kSignals[signal],
                                      .id = std::string(signal_name(kSignals[signal]))};
      for (size_t index = 0; index < made_.plan.exporters.size(); ++index) {
        pipeline.exporters.push_back(index);
      }
      made_.plan.pipelines.push_back(std::move(pipeline));
    }
    return {};
  }

  void add_storage() {
    if (config_.storage_directory.empty()) return;
    assembly::StoragePlan storage{.id = kStorageId, .options = {}};
    storage.options.creates_directory = true;
    storage.options.log.directory = config_.storage_directory;
    storage.options.log.bytes_max = config_.storage_bytes_max;
    storage.options.log.segment_bytes = std::clamp<uint64_t>(
        config_.storage_bytes_max == 0 ? 64 << 20 : config_.storage_bytes_max / 8, 1 << 20,
        64 << 20);
    made_.plan.storages.push_back(std::move(storage));
    made_.feeder.policy = pipeline::Policy::kDurable;
  }

  Wrong add_endpoint(const Endpoint& endpoint, const std::string& where) {
    auto planned = plan_of_endpoint(endpoint, where);
    if (!planned) return planned.error();
    assembly::ExporterPlan exporter = std::move(planned->exporter);
    if (!made_.plan.storages.empty() && endpoint.required) {
      exporter.storage = 0;
      exporter.helper.queue.storage = kStorageId;
    }
    const size_t number = made_.plan.exporters.size() + 1;
    exporter.id = number == 1 ? planned->kind : fmt::format("{}/{}", planned->kind, number);
    add_exporter(std::move(exporter));
    return {};
  }

  Wrong add_user_exporters() {
    for (const std::shared_ptr<v1::Exporter>& user : config_.exporters) {
      if (user == nullptr) return invalid("exporters: an entry is null");
      std::string name;
      try {
        name = user->name();
      } catch (...) {
        return invalid("exporters: name() threw");
      }
      assembly::ExporterPlan exporter;
      exporter.id = unique_id("exporter/" + name);
      exporter.factory = make_user_exporter_factory(user, made_.exporter_threads);
      exporter.helper.timeout = kUserExporterTimeout;
      exporter.helper.queue.num_consumers = 1;
      exporter.helper.retry.initial_interval = 100ms;
      const size_t index = made_.plan.exporters.size();
      add_exporter(std::move(exporter));
      for (size_t signal = 0; signal < kBufferedSignals; ++signal) add_to_pipeline(signal, index);
    }
    return {};
  }

  // Adds the exporter to the first pipeline of that signal, so that it receives every item once, or
  // to a new pipeline.
  void add_to_pipeline(size_t signal, size_t exporter) {
    const std::string id = "library_" + std::string(signal_name(kSignals[signal]));
    auto& pipelines = made_.plan.pipelines;
    const auto own = std::ranges::find(pipelines, id, &assembly::PipelinePlan::id);
    if (own != pipelines.end()) {
      own->exporters.push_back(exporter);
    } else {
      pipelines.push_back({.signal = kSignals[signal],
                           .id = id,
                           .receivers = {},
                           .processors = {},
                           .exporters = {exporter}});
    }
  }

  std::string unique_id(const std::string& wanted) const {
    std::string id = wanted;
    for (size_t number = 2;
         std::ranges::any_of(made_.plan.exporters, [&](const auto& one) { return one.id == id; });
         ++number) {
      id = fmt::format("{}_{}", wanted, number);
    }
    return id;
  }

  const Config& config_;
  EnginePlan made_;
  pipeline::QueueOptions queue_;
  pipeline::BatchOptions batch_;
};

}  // namespace

v1::Result<EnginePlan> plan_from_config(const Config& config) { return Planner(config).make(); }

v1::Result<assembly::Plan> plan_from_yaml(std::string_view text) {
  std::vector<yaml::Finding> warnings;
  const yaml::World world{
      [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
      },
      [](const std::string& path) -> Result<std::string> {
        return fail(Code::kInvalidArgument, path + ": files are not read from here");
      }};
  auto root =
      yaml::load({.configs = {}, .sets = {}, .built_in = std::string(text)}, world, warnings);
  if (!root) return invalid(root.error().message);
  config::Diagnostics diagnostics;
  migration::warn(migration::replace_removed(*root).changes, diagnostics);
  config::Document document = config::read_document(*root, assembly::catalog(), diagnostics);
  document.telemetry.periodic_readers.clear();  // statistics() has them
  document.telemetry.traces.exporters.clear();
  auto plan = assembly::make_plan(
      document, {.memory_bytes = io::memory_limit_bytes(io::read_small_file())}, diagnostics);
  if (!plan) return invalid(diagnostics.to_text());
  // The library has no listeners: collect() takes the place of the receivers.
  plan->receivers.clear();
  for (assembly::PipelinePlan& pipeline : plan->pipelines) pipeline.receivers.clear();
  plan->health_checks.clear();
  plan->metrics_page.reset();
  return std::move(*plan);
}

}  // namespace millrace::library
