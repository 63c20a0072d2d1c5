// A target: what is asked, when, and which labels its samples get. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "receivers/prometheus/options.h"
#include "transport/client/web_url.h"

namespace millrace::receivers::prometheus {

struct Target {
  LabelList labels;  // job, instance and what the configuration adds; by name
  transport::WebUrl url;
  Duration interval = 1min;
  Duration timeout = 10s;
  uint64_t hash = 0;  // of the labels and the URL

  std::string url_text() const;  // for logs; without the query
};

// From the labels of a discovery, relabelled. Nothing: relabelling drops it. Errors say what is
// wrong with the result.
Result<std::optional<Target>> make_target(const ScrapeOptions& options, const LabelList& group,
                                          const LabelList& discovered);

// When a target is next scraped: targets are spread over their interval by their hash, and keep
// their place in it over restarts.
Duration time_to_next_scrape(const Target& target, WallTime now);

// The attributes of the resource of that job and instance.
LabelList resource_attributes(const std::string& job, const std::string& instance, bool uses_tls);

}  // namespace millrace::receivers::prometheus
