#include "receivers/own_telemetry/own_request.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "memory/chunk_buffer.h"
#include "metrics/label_name.h"

namespace millrace::receivers::own_telemetry {
namespace {

constexpr size_t kAttributeBytes = 50;
// Resource attributes that the collector has without a configuration.
constexpr std::array<std::string_view, 3> kDefaultNames = {"service.name", "service.version",
                                                           "service.instance.id"};

std::string attribute_name(const std::string& label, const std::vector<std::string>& names) {
  const auto is_of_label = [&](std::string_view name) {
    return metrics::label_name(std::string(name)) == label;
  };
  const auto set = std::ranges::find_if(names, is_of_label);
  if (set != names.end()) return *set;
  const auto* const known = std::ranges::find_if(kDefaultNames, is_of_label);
  return known != kDefaultNames.end() ? std::string(*known) : label;
}

// Empty when the budget refuses.
Bytes copy_into_budget(ChunkPool& pool, const Bytes& bytes) {
  ChunkBuffer buffer(pool, bytes.size());
  if (buffer.make_room(bytes.size()) != ChunkBuffer::Room::kOk) return {};
  std::memcpy(buffer.data(), bytes.data(), bytes.size());
  buffer.note_written(bytes.size());
  return buffer.finish();
}

}  // namespace

metrics::Labels resource_of(const std::vector<metrics::MetricValue>& metrics,
                            const std::vector<std::string>& names) {
  metrics::Labels resource;
  for (const metrics::MetricValue& metric : metrics) {
    if (metric.name != "target_info" || metric.series.empty()) continue;
    for (const auto& [label, value] : metric.series.front().labels) {
      resource.emplace_back(attribute_name(label, names), value);
    }
  }
  return resource;
}

void write_attributes(wire::Writer& writer, uint32_t number, const metrics::Labels& labels) {
  for (const auto& [name, value] : labels) {
    const auto entry = writer.open(number, kAttributeBytes);
    writer.string_field(1, name);
    const auto any = writer.open(2, value.size() + 2);
    writer.string_field(1, value);
    writer.close(any);
    writer.close(entry);
  }
}

void hand_in(const reception::ReceiverParts& parts, Signal signal, const Bytes& bytes,
             uint32_t item_count, const std::function<void()>& on_lost) {
  Bytes reserved = copy_into_budget(*parts.pool, bytes);
  if (reserved.size() == 0) {
    parts.log->warn("own telemetry was not sent: there is no memory for it",
                    {{"signal", signal_name(signal)}});
    return on_lost();
  }
  const auto judge = [log = parts.log, signal, on_lost](const pipeline::Verdict& verdict) {
    if (verdict.ok()) return;
    log->warn("own telemetry was not sent",
              {{"signal", signal_name(signal)}, {"error", verdict.message}});
    on_lost();
  };
  const auto verdict =
      parts.intakes[index_of(signal)]->submit({.signal = signal,
                                               .item_count = item_count,
                                               .bytes = Rope(std::move(reserved)),
                                               .metadata = nullptr,
                                               .completion = nullptr,
                                               .admitted_at = parts.loop->now()},
                                              pipeline::Policy::kAccepted, kNever, judge);
  if (verdict) judge(*verdict);
}

}  // namespace millrace::receivers::own_telemetry
