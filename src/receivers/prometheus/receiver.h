// The receiver on one worker: a JobScraper for each scrape config.
#pragma once

#include <memory>
#include <vector>

#include "receivers/prometheus/job_scraper.h"
#include "receivers/prometheus/options.h"
#include "reception/receiver.h"
#include "reception/request_counters.h"

namespace millrace::receivers::prometheus {

class PrometheusReceiver final : public reception::Receiver {
 public:
  PrometheusReceiver(reception::ReceiverParts parts, std::shared_ptr<const Options> options);
  void stop() override;

 private:
  const reception::ReceiverParts parts_;
  const std::shared_ptr<const Options> options_;
  reception::RequestCounters requests_;
  ScrapeCounters counters_;
  const ScrapeWorld world_;
  std::vector<std::unique_ptr<JobScraper>> jobs_;
};

}  // namespace millrace::receivers::prometheus
