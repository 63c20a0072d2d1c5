#include "connectors/servicegraph/options.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/duration.h"

namespace millrace::connectors::servicegraph {
namespace {

using config::Section;

// 0 and less mean the default, as in otelcol.
void read_positive(Section& section, std::string_view key, Duration& into) {
  Duration given{0};
  if (section.duration(key, &given) && given > Duration{0}) into = given;
}

void read_names(Section& section, std::string_view key, std::vector<std::string>& into) {
  std::vector<std::string> names;
  if (section.text_list(key, &names)) into = std::move(names);
}

bool read_buckets(Section& section, std::vector<double>& into) {
  std::vector<std::string> texts;
  if (!section.text_list("latency_histogram_buckets", &texts)) return false;
  into.clear();
  for (const std::string& text : texts) {
    const auto duration = config::parse_duration(text);
    if (!duration) {
      section.error_at("latency_histogram_buckets",
                       fmt::format("expected a duration like 5ms, found \"{}\"", text));
      continue;
    }
    into.push_back(static_cast<double>(duration->count()) / 1e9);
  }
  if (!std::ranges::is_sorted(into)) {
    section.error_at("latency_histogram_buckets", "the buckets must be in rising order");
  }
  return true;
}

}  // namespace

void read_options(Section& section, Options& into) {
  const bool has_buckets = read_buckets(section, into.bounds);
  int64_t size = 0;
  section.integer("exponential_histogram_max_size", &size, {.min = 0, .max = 1 << 14});
  into.is_exponential = size > 0;
  if (into.is_exponential) into.buckets_max = std::max<size_t>(static_cast<size_t>(size), 2);
  if (has_buckets && into.is_exponential) {
    section.error("either latency_histogram_buckets or exponential_histogram_max_size, not both");
  }
  section.text_list("dimensions", &into.dimensions);
  section.section("store", [&](Section& store) {
    int64_t items = 0;
    if (store.integer("max_items", &items, {.min = 0})) into.edges_max = static_cast<size_t>(items);
    store.duration("ttl", &into.edge_ttl);
  });
  read_positive(section, "store_expiration_loop", into.expiration_interval);
  read_names(section, "virtual_node_peer_attributes", into.peer_attributes);
  section.boolean("virtual_node_extra_label", &into.has_virtual_node_label);
  read_names(section, "database_name_attributes", into.database_attributes);
  if (into.database_attributes.empty()) into.database_attributes = {"db.name"};
  section.duration("metrics_flush_interval", &into.flush_interval);
  section.duration("metrics_timestamp_offset", &into.timestamp_offset);
  section.ignored("cache_loop", "series that were silent for 15 minutes go within a minute");
  section.ignored("metrics_exporter", "the pipelines say where the metrics go");
  section.unsupported("database_name_attribute", "write it as a list, database_name_attributes");
}

}  // namespace millrace::connectors::servicegraph
