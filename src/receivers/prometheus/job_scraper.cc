#include "receivers/prometheus/job_scraper.h"

#include <optional>
#include <string>
#include <utility>

namespace millrace::receivers::prometheus {

JobScraper::JobScraper(const ScrapeWorld& world, const ScrapeOptions& options)
    : world_(world), options_(options) {
  if (asks_servers() && !is_mine(std::hash<std::string>()(options.job_name))) return;
  const auto on_change = [this] { update(); };
  for (const FileDiscoveryOptions& files : options.files) {
    discoveries_.push_back(make_file_discovery(world, files, on_change));
  }
  for (const HttpDiscoveryOptions& server : options.https) {
    discoveries_.push_back(make_http_discovery(world, server, on_change));
  }
  for (const DnsDiscoveryOptions& names : options.names) {
    discoveries_.push_back(make_dns_discovery(world, names, on_change));
  }
  update();
}

JobScraper::~JobScraper() { stop(); }

void JobScraper::stop() {
  discoveries_.clear();
  for (const auto& [hash, scraper] : scrapers_) scraper->stop();
}

bool JobScraper::is_mine(uint64_t hash) const {
  return hash % world_.parts.worker_count == world_.parts.worker_index;
}

void JobScraper::add_targets(const TargetGroup& group, Found& into) const {
  for (const LabelList& discovered : group.targets) {
    auto target = make_target(options_, group.labels, discovered);
    if (!target) {
      world_.parts.log->warn("a target was dropped", {{"receiver", world_.parts.name},
                                                      {"job", options_.job_name},
                                                      {"error", target.error().message}});
    } else if (*target) {
      ++into.count;
      if (asks_servers() || is_mine((*target)->hash)) into.mine.push_back(std::move(**target));
    }
  }
}

JobScraper::Found JobScraper::targets() const {
  Found all;
  for (const TargetGroup& group : options_.static_groups) add_targets(group, all);
  for (const auto& discovery : discoveries_) {
    for (const TargetGroup& group : discovery->groups()) add_targets(group, all);
  }
  return all;
}

void JobScraper::update() {
  std::map<uint64_t, std::shared_ptr<TargetScraper>> next;
  Found found = targets();
  std::optional<Error> refusal;
  if (options_.target_limit > 0 && found.count > options_.target_limit) {
    refusal = {Code::kResourceExhausted,
               "target_limit exceeded (number of targets: " + std::to_string(found.count) +
                   ", limit: " + std::to_string(options_.target_limit) + ")"};
  }
  for (Target& target : found.mine) {
    if (next.contains(target.hash)) continue;
    const auto known = scrapers_.find(target.hash);
    if (known != scrapers_.end()) {
      next.insert(scrapers_.extract(known));
      continue;
    }
    const uint64_t hash = target.hash;
    auto scraper = std::make_shared<TargetScraper>(world_, options_, std::move(target));
    scraper->start();
    next.emplace(hash, std::move(scraper));
  }
  for (const auto& [hash, scraper] : scrapers_) scraper->retire();
  scrapers_ = std::move(next);
  for (const auto& [hash, scraper] : scrapers_) scraper->refuse(refusal);
}

}  // namespace millrace::receivers::prometheus
