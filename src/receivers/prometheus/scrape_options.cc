#include "receivers/prometheus/scrape_options.h"

#include <algorithm>
#include <utility>

#include "receivers/prometheus/discovery_options.h"
#include "receivers/prometheus/prometheus_units.h"
#include "receivers/prometheus/relabel_options.h"
#include "receivers/prometheus/scrape_protocols.h"
#include "yaml/node.h"

namespace millrace::receivers::prometheus {
namespace {

using config::Section;

void read_count(Section& section, std::string_view key, size_t* into) {
  int64_t count = static_cast<int64_t>(*into);
  if (section.integer(key, &count, {0, INT64_MAX})) *into = static_cast<size_t>(count);
}

void read_size(Section& section, std::string_view key, size_t* into) {
  std::string text;
  if (!section.text(key, &text)) return;
  const auto size = parse_byte_size(text);
  if (size) {
    *into = static_cast<size_t>(*size);
  } else {
    section.error_at(key, "expected a size like 10MB or 512KB, found \"" + text + "\"");
  }
}

// The limits, which both the global block and a scrape have.
void read_limits(Section& section, ScrapeOptions& into) {
  read_size(section, "body_size_limit", &into.body_size_limit);
  read_count(section, "sample_limit", &into.rules.sample_limit);
  read_count(section, "target_limit", &into.target_limit);
  read_count(section, "label_limit", &into.rules.label_limit);
  read_count(section, "label_name_length_limit", &into.rules.label_name_length_limit);
  read_count(section, "label_value_length_limit", &into.rules.label_value_length_limit);
  section.ignored("keep_dropped_targets", "there is no page of targets");
}

void read_protocols(Section& section, std::vector<std::string>* into) {
  if (!section.text_list("scrape_protocols", into)) return;
  for (const std::string& name : *into) {
    if (format_of_protocol(name)) continue;
    section.error_at("scrape_protocols",
                     "expected PrometheusProto, OpenMetricsText0.0.1, OpenMetricsText1.0.0, "
                     "PrometheusText0.0.4 or PrometheusText1.0.0, found \"" +
                         name + "\"");
    into->clear();
    return;
  }
}

// Keys about names with other characters than Prometheus had first, and native histograms.
void read_formats(Section& section, ScrapeOptions& into) {
  section.boolean("scrape_native_histograms", &into.parser.native_histograms);
  section.boolean("always_scrape_classic_histograms", &into.parser.always_classic);
  section.ignored("metric_name_validation_scheme", "all names in UTF-8 are taken");
  section.ignored("metric_name_escaping_scheme", "names are asked for as they are");
  section.unsupported("convert_classic_histograms_to_nhcb",
                      "classic histograms stay histograms with explicit bounds");
  section.ignored("native_histogram_bucket_limit", "at most 4096 buckets are taken");
  section.ignored("native_histogram_min_bucket_factor", "resolutions stay as they come");
  section.ignored("extra_scrape_metrics", "the metrics of a scrape are always the same");
  section.ignored("scrape_failure_log_file", "failures are in the log");
}

void read_params(Section& scrape, ScrapeOptions& into) {
  const yaml::Node* const params = scrape.find("params");
  if (params == nullptr) return;
  for (const yaml::Node::Entry& entry : params->mapping) {
    std::vector<std::string>& values =
        into.params.emplace_back(entry.key, std::vector<std::string>()).second;
    for (const yaml::Node& value : entry.value.sequence) values.push_back(value.scalar);
    if (entry.value.kind != yaml::Node::Kind::kSequence) {
      scrape.error_at("params", "expected lists of texts, like module: [http_2xx]");
    }
  }
}

void read_times(Section& scrape, const GlobalOptions& global, ScrapeOptions& into) {
  into.interval = global.interval;
  into.timeout = 0s;
  read_duration(scrape, "scrape_interval", &into.interval);
  read_duration(scrape, "scrape_timeout", &into.timeout);
  if (into.interval == 0s) into.interval = global.interval;
  if (into.timeout == 0s) {
    into.timeout = std::min(global.timeout == 0s ? Duration(10s) : global.timeout, into.interval);
  }
  if (into.timeout > into.interval) {
    scrape.error_at("scrape_timeout", "is longer than scrape_interval (" +
                                          prometheus_duration_text(into.interval) + ")");
  }
}

}  // namespace

void read_duration(Section& section, std::string_view key, Duration* into) {
  std::string text;
  if (!section.text(key, &text)) return;
  const auto duration = parse_prometheus_duration(text);
  if (duration) {
    *into = *duration;
  } else {
    section.error_at(key, "expected a duration like 15s or 1m30s, found \"" + text + "\"");
  }
}

LabelList read_labels_of(Section& section, std::string_view key) {
  LabelList labels;
  const yaml::Node* const node = section.find(key);
  if (node == nullptr || node->kind == yaml::Node::Kind::kNull) return labels;
  bool is_right = node->kind == yaml::Node::Kind::kMapping;
  for (const yaml::Node::Entry& entry : node->mapping) {
    is_right = is_right && entry.value.kind == yaml::Node::Kind::kScalar;
    labels.emplace_back(entry.key,
                        entry.value.original.empty() ? entry.value.scalar : entry.value.original);
  }
  if (!is_right) section.error_at(key, "expected names and texts, like env: prod");
  return labels;
}

void read_global(Section& global, GlobalOptions& into) {
  read_duration(global, "scrape_interval", &into.interval);
  if (into.interval == 0s) into.interval = 1min;
  read_duration(global, "scrape_timeout", &into.timeout);
  if (into.timeout > into.interval) {
    global.error_at("scrape_timeout", "is longer than scrape_interval");
  }
  read_protocols(global, &into.protocols);
  into.defaults.rules.external_labels = read_labels_of(global, "external_labels");
  read_limits(global, into.defaults);
  read_formats(global, into.defaults);
  for (const std::string_view key :
       {"evaluation_interval", "rule_query_offset", "query_log_file"}) {
    global.ignored(key, "rules and queries are Prometheus's");
  }
}

ScrapeOptions read_scrape(Section& scrape, const GlobalOptions& global) {
  ScrapeOptions into = global.defaults;
  scrape.text("job_name", &into.job_name);
  if (into.job_name.empty()) scrape.error("job_name is missing");
  read_times(scrape, global, into);
  scrape.text("metrics_path", &into.metrics_path);
  scrape.text("scheme", &into.scheme);
  if (into.scheme != "http" && into.scheme != "https") {
    scrape.error_at("scheme", "expected http or https, found \"" + into.scheme + "\"");
  }
  read_params(scrape, into);
  read_http_options(scrape, into.http);
  scrape.boolean("enable_compression", &into.enable_compression);
  scrape.boolean("honor_labels", &into.rules.honor_labels);
  scrape.boolean("honor_timestamps", &into.rules.honor_timestamps);
  scrape.unsupported("track_timestamps_staleness",
                     "series with times of their own get no marker when they end");
  into.relabel = read_relabel_rules(scrape, "relabel_configs");
  into.rules.metric_relabel = read_relabel_rules(scrape, "metric_relabel_configs");
  read_limits(scrape, into);
  read_formats(scrape, into);
  std::vector<std::string> protocols = global.protocols;
  read_protocols(scrape, &protocols);
  if (protocols.empty()) protocols = default_protocols(into.parser.native_histograms);
  into.accept = accept_of(protocols);
  std::string fallback = "PrometheusText0.0.4";
  scrape.text("fallback_scrape_protocol", &fallback);
  const auto format = format_of_protocol(fallback);
  if (format) {
    into.fallback = *format;
  } else {
    scrape.error_at("fallback_scrape_protocol",
                    "expected the name of a protocol, found \"" + fallback + "\"");
  }
  read_discoveries(scrape, into);
  return into;
}

}  // namespace millrace::receivers::prometheus
