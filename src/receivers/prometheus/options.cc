#include "receivers/prometheus/options.h"

#include <set>

#include "receivers/prometheus/scrape_options.h"

namespace millrace::receivers::prometheus {
namespace {

using config::Section;

void read_config(Section& config, Options& into) {
  GlobalOptions global;
  config.section("global", [&](Section& section) { read_global(section, global); });
  std::set<std::string> names;
  config.section_list("scrape_configs", [&](Section& section) {
    into.scrapes.push_back(read_scrape(section, global));
    const std::string& name = into.scrapes.back().job_name;
    if (!name.empty() && !names.insert(name).second) {
      section.error_at("job_name", "\"" + name + "\" is the name of two jobs");
    }
  });
  config.unsupported("scrape_config_files", "write their scrape_configs here");
  for (const std::string_view key : {"alerting", "rule_files", "remote_write", "remote_read"}) {
    config.unsupported(key, "the receiver scrapes; otelcol refuses it too");
  }
  for (const std::string_view key : {"storage", "tracing", "otlp", "runtime"}) {
    config.ignored(key, "is about Prometheus's own storage and server");
  }
}

}  // namespace

void read_options(Section& section, Options& into) {
  section.section("config", [&](Section& config) { read_config(config, into); });
  bool trims = false;
  section.boolean("trim_metric_suffixes", &trims);
  for (ScrapeOptions& scrape : into.scrapes) scrape.rules.trim_suffixes = trims;
  section.unsupported("target_allocator", "targets come from the configuration alone");
  section.section("api_server", [](Section& server) {
    bool is_enabled = false;
    server.boolean("enabled", &is_enabled);
    if (is_enabled) server.error_at("enabled", "Prometheus's API is not in this version");
    server.ignored("server_config", "Prometheus's API is not in this version");
  });
  for (const std::string_view key :
       {"use_start_time_metric", "start_time_metric_regex", "report_extra_scrape_metrics"}) {
    section.ignored(key, "otelcol has removed it");
  }
  if (into.scrapes.empty() && !section.has_errors()) {
    section.error("config::scrape_configs is missing: what is to be scraped?");
  }
}

}  // namespace millrace::receivers::prometheus
