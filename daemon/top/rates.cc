#include "daemon/top/rates.h"

#include "daemon/terminal_text/units.h"

namespace millrace::top {
namespace {

using Key = std::pair<std::string, std::string>;

std::map<Key, int64_t> counts_of(const Sample& sample) {
  std::map<Key, int64_t> counts;
  for (const Sample::Receiver& each : sample.receivers) {
    counts[{"accepted", name_of(each)}] = each.accepted;
    counts[{"refused", name_of(each)}] = each.refused;
  }
  for (const Sample::Pipeline& each : sample.pipelines) {
    counts[{"admitted", each.id}] = each.admitted;
    counts[{"removed", each.id}] = terminal_text::sum_of(each.filtered, each.sampled_out);
  }
  for (const Sample::Destination& each : sample.destinations) {
    counts[{"sent", name_of(each)}] = each.sent;
    counts[{"failed", name_of(each)}] = each.failed;
    counts[{"retries", name_of(each)}] = each.retries;
  }
  return counts;
}

}  // namespace

std::string name_of(const Sample::Receiver& receiver) {
  return receiver.name + "/" + receiver.signal;
}
std::string name_of(const Sample::Destination& destination) {
  return destination.name + "/" + destination.signal;
}

Rates::Rates(const std::optional<Sample>& before, const Sample& now) {
  if (!before || now.at_ms <= before->at_ms) return;
  const double seconds =
      (static_cast<double>(now.at_ms) - static_cast<double>(before->at_ms)) / 1e3;
  const std::map<Key, int64_t> old_counts = counts_of(*before);
  for (const auto& [key, count] : counts_of(now)) {
    const auto old_count = old_counts.find(key);
    if (old_count == old_counts.end() || old_count->second > count) continue;
    rates_[key] = (static_cast<double>(count) - static_cast<double>(old_count->second)) / seconds;
  }
}

std::optional<double> Rates::of(const std::string& kind, const std::string& name) const {
  const auto found = rates_.find({kind, name});
  if (found == rates_.end()) return std::nullopt;
  return found->second;
}

}  // namespace millrace::top
