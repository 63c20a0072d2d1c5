#include <algorithm>
#include <memory>
#include <utility>

#include "receivers/prometheus/discovery.h"
#include "receivers/prometheus/prometheus_units.h"
#include "receivers/prometheus/target_fetch.h"
#include "receivers/prometheus/target_groups.h"

namespace millrace::receivers::prometheus {
namespace {

constexpr size_t kAnswerBytesMax = 4 << 20;
constexpr Duration kTimeout = 30s;

class HttpDiscovery final : public Discovery {
 public:
  HttpDiscovery(const ScrapeWorld& world, const HttpDiscoveryOptions& options, OnChange on_change)
      : world_(world),
        options_(options),
        on_change_(std::move(on_change)),
        fetch_(*world.parts.loop, world.parts.pool->budget(), options.url, options.http,
               {.fields = {{"accept", "application/json"},
                           {"x-prometheus-refresh-interval-seconds",
                            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(
                                               options.refresh_interval)
                                               .count())}},
                .body_bytes_max = kAnswerBytesMax,
                .timeout = std::min(kTimeout, options.refresh_interval)}),
        timer_(world.parts.loop->make_timer([this] { ask(); })) {
    timer_->arm_at(world.parts.loop->now());
  }
  const std::vector<TargetGroup>& groups() const override { return groups_; }

 private:
  void ask() {
    timer_->arm_at(world_.parts.loop->now() + options_.refresh_interval);
    if (fetch_.is_under_way()) return;
    fetch_.start([this](const Result<transport::WebResponse>& response) { on_response(response); });
  }

  void on_response(const Result<transport::WebResponse>& response) {
    auto groups = response ? parse_json_groups(response->body) : fail(response.error());
    if (!groups) {
      return world_.parts.log->warn("a server of targets cannot be used",
                                    {{"receiver", world_.parts.name},
                                     {"url", options_.url_text},
                                     {"error", groups.error().message}});
    }
    for (TargetGroup& group : *groups) group.labels.emplace_back("__meta_url", options_.url_text);
    groups_ = std::move(*groups);
    on_change_();
  }

  const ScrapeWorld& world_;
  const HttpDiscoveryOptions& options_;
  const OnChange on_change_;
  TargetFetch fetch_;
  std::vector<TargetGroup> groups_;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace

std::unique_ptr<Discovery> make_http_discovery(const ScrapeWorld& world,
                                               const HttpDiscoveryOptions& options,
                                               Discovery::OnChange on_change) {
  return std::make_unique<HttpDiscovery>(world, options, std::move(on_change));
}

}  // namespace millrace::receivers::prometheus
