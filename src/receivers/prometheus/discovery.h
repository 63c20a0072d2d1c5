// Finds targets and keeps finding them: in files, from a server, by names. What was found last
// stays where a file or a server cannot be read. Belongs to one loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "receivers/prometheus/options.h"
#include "receivers/prometheus/target_scraper.h"

namespace millrace::receivers::prometheus {

class Discovery {
 public:
  // In a later turn of the loop, when there are other groups than before.
  using OnChange = std::function<void()>;
  virtual ~Discovery() = default;
  virtual const std::vector<TargetGroup>& groups() const = 0;
};

// `world` and the options must outlive it.
std::unique_ptr<Discovery> make_file_discovery(const ScrapeWorld& world,
                                               const FileDiscoveryOptions& options,
                                               Discovery::OnChange on_change);
std::unique_ptr<Discovery> make_http_discovery(const ScrapeWorld& world,
                                               const HttpDiscoveryOptions& options,
                                               Discovery::OnChange on_change);
std::unique_ptr<Discovery> make_dns_discovery(const ScrapeWorld& world,
                                              const DnsDiscoveryOptions& options,
                                              Discovery::OnChange on_change);

}  // namespace millrace::receivers::prometheus
