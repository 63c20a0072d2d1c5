// The options of the receiver: Prometheus's configuration file, as far as it is about scraping.
// Plain data, shared by all workers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "config/section.h"
#include "receivers/prometheus/exposition.h"
#include "receivers/prometheus/http_options.h"
#include "receivers/prometheus/labels.h"
#include "receivers/prometheus/relabel.h"
#include "receivers/prometheus/scrape_rules.h"
#include "transport/client/web_url.h"

namespace millrace::receivers::prometheus {

// Targets with common labels, as a discovery finds them.
struct TargetGroup {
  std::vector<LabelList> targets;  // of each: __address__ and more
  LabelList labels;
};

struct FileDiscoveryOptions {
  std::vector<std::string> files;  // a '*' may stand in the last part
  Duration refresh_interval = 5min;
};

struct HttpDiscoveryOptions {
  transport::WebUrl url;
  std::string url_text;  // for __meta_url, without secrets
  HttpOptions http;
  Duration refresh_interval = 1min;
};

struct DnsDiscoveryOptions {
  std::vector<std::string> names;
  uint16_t port = 0;
  bool is_v6 = false;  // AAAA instead of A
  Duration refresh_interval = 30s;
};

struct ScrapeOptions {
  std::string job_name;
  Duration interval = 1min;
  Duration timeout = 10s;
  std::string metrics_path = "/metrics";
  std::string scheme = "http";
  std::vector<std::pair<std::string, std::vector<std::string>>> params;
  HttpOptions http;
  bool enable_compression = true;
  ScrapeRules rules;
  std::vector<RelabelRule> relabel;
  size_t body_size_limit = 0;  // bytes after decompression; 0: kBodyBytesMax
  size_t target_limit = 0;     // 0: none
  std::string accept;          // the value of the field
  Format fallback = Format::kText;
  ParserOptions parser;

  std::vector<TargetGroup> static_groups;
  std::vector<FileDiscoveryOptions> files;
  std::vector<HttpDiscoveryOptions> https;
  std::vector<DnsDiscoveryOptions> names;
};

// A larger body fails its scrape also where no limit is configured.
inline constexpr size_t kBodyBytesMax = size_t{256} << 20;

struct Options {
  std::vector<ScrapeOptions> scrapes;
};

// Reads `section`, the receiver's own; the caller finishes it.
void read_options(config::Section& section, Options& into);

}  // namespace millrace::receivers::prometheus
