#include "receivers/own_metrics/receiver.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "memory/chunk_buffer.h"
#include "metrics/label_name.h"
#include "receivers/own_metrics/otlp_metrics.h"

namespace millrace::receivers::own_metrics {
namespace {

constexpr size_t kBytesMax = 16 << 20;

// The labels of target_info with the names of attributes.
metrics::Labels resource_of(const std::vector<metrics::MetricValue>& metrics,
                            const std::vector<std::string>& names) {
  metrics::Labels resource;
  for (const metrics::MetricValue& metric : metrics) {
    if (metric.name != "target_info" || metric.series.empty()) continue;
    for (const auto& [label, value] : metric.series.front().labels) {
      const auto name = std::ranges::find(names, label, metrics::label_name);
      resource.emplace_back(name == names.end() ? label : *name, value);
    }
  }
  return resource;
}

class OwnMetrics final : public reception::Receiver {
 public:
  OwnMetrics(reception::ReceiverParts parts, std::vector<std::string> resource_names)
      : parts_(std::move(parts)),
        resource_names_(std::move(resource_names)),
        start_(parts_.wall_clock()) {}

  void pull() override {
    pipeline::Intake* const intake = parts_.intakes[index_of(Signal::kMetrics)];
    if (intake == nullptr) return;
    const std::vector<metrics::MetricValue> metrics = parts_.metrics->snapshot();
    const Encoded encoded =
        encode(metrics, resource_of(metrics, resource_names_), start_, parts_.wall_clock());
    if (encoded.point_count == 0) return;
    Bytes reserved = copy_into_budget(encoded.bytes);
    if (reserved.size() == 0) {
      return parts_.log->warn("own metrics were not sent: there is no memory for them", {});
    }
    const auto verdict =
        intake->submit({.signal = Signal::kMetrics,
                        .item_count = encoded.point_count,
                        .bytes = Rope(std::move(reserved)),
                        .metadata = nullptr,
                        .completion = nullptr,
                        .admitted_at = parts_.loop->now()},
                       pipeline::Policy::kAccepted, kNever, [](const pipeline::Verdict&) {});
    if (verdict && !verdict->ok()) {
      parts_.log->warn("own metrics were not sent", {{"error", verdict->message}});
    }
  }

 private:
  // Empty when the budget refuses.
  Bytes copy_into_budget(const Bytes& bytes) const {
    ChunkBuffer buffer(*parts_.pool, kBytesMax);
    if (buffer.make_room(bytes.size()) != ChunkBuffer::Room::kOk) return {};
    std::memcpy(buffer.data(), bytes.data(), bytes.size());
    buffer.note_written(bytes.size());
    return buffer.finish();
  }

  const reception::ReceiverParts parts_;
  const std::vector<std::string> resource_names_;
  const WallTime start_;
};

class Factory final : public reception::ReceiverFactory {
 public:
  explicit Factory(std::vector<std::string> resource_names)
      : resource_names_(std::move(resource_names)) {}
  Result<std::unique_ptr<reception::Receiver>> make(reception::ReceiverParts parts) const override {
    return std::make_unique<OwnMetrics>(std::move(parts), resource_names_);
  }

 private:
  const std::vector<std::string> resource_names_;
};

}  // namespace

std::shared_ptr<const reception::ReceiverFactory> make_own_metrics_factory(
    std::vector<std::string> resource_names) {
  for (const char* name : {"service.name", "service.version", "service.instance.id"}) {
    resource_names.emplace_back(name);
  }
  return std::make_shared<Factory>(std::move(resource_names));
}

}  // namespace millrace::receivers::own_metrics
