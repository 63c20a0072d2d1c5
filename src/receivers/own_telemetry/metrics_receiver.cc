#include "receivers/own_telemetry/metrics_receiver.h"

#include <utility>

#include "receivers/own_telemetry/otlp_metrics.h"
#include "receivers/own_telemetry/own_request.h"

namespace millrace::receivers::own_telemetry {
namespace {

class OwnMetrics final : public reception::Receiver {
 public:
  OwnMetrics(reception::ReceiverParts parts, std::vector<std::string> resource_names)
      : parts_(std::move(parts)),
        resource_names_(std::move(resource_names)),
        start_(parts_.wall_clock()) {}

  void pull() override {
    if (parts_.intakes[index_of(Signal::kMetrics)] == nullptr) return;
    const std::vector<metrics::MetricValue> metrics = parts_.metrics->snapshot();
    const Encoded encoded =
        encode(metrics, resource_of(metrics, resource_names_), start_, parts_.wall_clock());
    if (encoded.point_count == 0) return;
    hand_in(parts_, Signal::kMetrics, encoded.bytes, encoded.point_count, [] {});
  }

 private:
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
  return std::make_shared<Factory>(std::move(resource_names));
}

}  // namespace millrace::receivers::own_telemetry
