// The targets of one scrape config on one worker: those that its discoveries find and that are this
// worker's. Targets are dealt by their hash; a job with a discovery that asks a server is one
// worker's as a whole, so that the server is asked once. One loop.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "receivers/prometheus/discovery.h"
#include "receivers/prometheus/options.h"
#include "receivers/prometheus/target_scraper.h"

namespace millrace::receivers::prometheus {

class JobScraper {
 public:
  JobScraper(const ScrapeWorld& world, const ScrapeOptions& options);
  ~JobScraper();
  void stop();

 private:
  // The groups of one discovery have changed.
  void update();
  // Whether a discovery of the job asks a server.
  bool asks_servers() const { return !options_.https.empty() || !options_.names.empty(); }
  bool is_mine(uint64_t hash) const;
  struct Found {
    std::vector<Target> mine;
    size_t count = 0;  // of all workers
  };
  Found targets() const;
  void add_targets(const TargetGroup& group, Found& into) const;

  const ScrapeWorld& world_;
  const ScrapeOptions& options_;
  std::vector<std::unique_ptr<Discovery>> discoveries_;
  std::map<uint64_t, std::shared_ptr<TargetScraper>> scrapers_;  // by the target's hash
};

}  // namespace millrace::receivers::prometheus
