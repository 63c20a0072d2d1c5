#include "receivers/prometheus/receiver.h"

#include <utility>

namespace millrace::receivers::prometheus {

PrometheusReceiver::PrometheusReceiver(reception::ReceiverParts parts,
                                       std::shared_ptr<const Options> options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      requests_(parts_, {"http"}),
      counters_(*parts_.metrics, parts_.name),
      world_{.parts = parts_, .requests = requests_, .counters = counters_} {
  if (parts_.intakes[index_of(Signal::kMetrics)] == nullptr) return;
  for (const ScrapeOptions& scrape : options_->scrapes) {
    jobs_.push_back(std::make_unique<JobScraper>(world_, scrape));
  }
}

void PrometheusReceiver::stop() {
  for (const auto& job : jobs_) job->stop();
}

}  // namespace millrace::receivers::prometheus
