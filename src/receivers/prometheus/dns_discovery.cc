#include <memory>
#include <utility>

#include "receivers/prometheus/discovery.h"

namespace millrace::receivers::prometheus {
namespace {

class DnsDiscovery final : public Discovery {
 public:
  DnsDiscovery(const ScrapeWorld& world, const DnsDiscoveryOptions& options, OnChange on_change)
      : world_(world),
        options_(options),
        on_change_(std::move(on_change)),
        found_(options.names.size()),
        timer_(world.parts.loop->make_timer([this] { ask(); })) {
    timer_->arm_at(world.parts.loop->now());
  }
  const std::vector<TargetGroup>& groups() const override { return groups_; }

 private:
  struct Found {
    std::unique_ptr<io::Loop::Resolution> lookup;
    TargetGroup group;
  };

  void ask() {
    timer_->arm_at(world_.parts.loop->now() + options_.refresh_interval);
    for (size_t i = 0; i < found_.size(); ++i) {
      found_[i].lookup = world_.parts.loop->resolve(
          options_.names[i], options_.port,
          [this, i](const Result<std::vector<io::Address>>& result) { on_resolved(i, result); });
    }
  }

  void on_resolved(size_t index, const Result<std::vector<io::Address>>& result) {
    if (!result) {
      return world_.parts.log->warn("a name of targets cannot be looked up",
                                    {{"receiver", world_.parts.name},
                                     {"name", options_.names[index]},
                                     {"error", result.error().message}});
    }
    TargetGroup group{.targets = {}, .labels = {{"__meta_dns_name", options_.names[index]}}};
    for (const io::Address& address : *result) {
      const bool is_v6 = address.text.starts_with('[');
      if (is_v6 == options_.is_v6) group.targets.push_back({{"__address__", address.text}});
    }
    found_[index].group = std::move(group);
    groups_.clear();
    for (const Found& found : found_) groups_.push_back(found.group);
    on_change_();
  }

  const ScrapeWorld& world_;
  const DnsDiscoveryOptions& options_;
  const OnChange on_change_;
  std::vector<Found> found_;  // by name
  std::vector<TargetGroup> groups_;
  std::unique_ptr<io::Timer> timer_;
};

}  // namespace

std::unique_ptr<Discovery> make_dns_discovery(const ScrapeWorld& world,
                                              const DnsDiscoveryOptions& options,
                                              Discovery::OnChange on_change) {
  return std::make_unique<DnsDiscovery>(world, options, std::move(on_change));
}

}  // namespace millrace::receivers::prometheus
