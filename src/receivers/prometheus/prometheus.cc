#include "receivers/prometheus/prometheus.h"

#include <memory>
#include <utility>

#include "receivers/prometheus/options.h"
#include "receivers/prometheus/receiver.h"

namespace millrace::receivers::prometheus {
namespace {

class Factory final : public reception::ReceiverFactory {
 public:
  explicit Factory(std::shared_ptr<const Options> options) : options_(std::move(options)) {}
  Result<std::unique_ptr<reception::Receiver>> make(reception::ReceiverParts parts) const override {
    return std::make_unique<PrometheusReceiver>(std::move(parts), options_);
  }

 private:
  const std::shared_ptr<const Options> options_;  // shared by the receivers of all workers
};

}  // namespace

reception::ReceiverReading read(config::Section& section) {
  auto options = std::make_shared<Options>();
  read_options(section, *options);
  reception::ReceiverReading reading;
  reading.factory = std::make_shared<Factory>(std::move(options));
  return reading;
}

}  // namespace millrace::receivers::prometheus
