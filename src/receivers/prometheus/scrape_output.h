// From a response of a target to OTLP requests: the parsing of the body, the metrics of the scrape
// itself (up and others), and the markers of series that are gone. A scrape that fails gives these
// alone. Long bodies are paced. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "memory/work.h"
#include "receivers/prometheus/options.h"
#include "receivers/prometheus/scrape_batch.h"
#include "receivers/prometheus/series_memory.h"
#include "receivers/prometheus/target.h"

namespace millrace::receivers::prometheus {

// The answer of a target, or why there is none.
struct ScrapeResponse {
  Result<std::string_view> body;  // not compressed any more
  Format format = Format::kText;
  WallTime time;        // when it was asked
  Duration duration{};  // until the response was there
};

struct ScrapeSummary {
  Status outcome = {};  // of the scrape; an error: `up` is 0
  size_t scraped_count = 0;
  size_t left_out_count = 0;
  bool is_replayed = false;   // only values differed from the last scrape (scrape_replay.h)
  bool is_remembered = true;  // false: no memory, so no markers come for these series
};

struct ScrapeLimits {
  size_t points_bytes_max = size_t{256} << 20;
};

// Calls `on_request` with each request. `memory` is the target's. An error: the budget had not even
// room for the metrics of the scrape.
Result<ScrapeSummary> write_scrape(const ScrapeOptions& options, const Target& target,
                                   const ScrapeResponse& response, const ScrapeLimits& limits,
                                   SeriesMemory& memory, Work& work,
                                   const std::function<void(ScrapeBatch::Request)>& on_request);
// The markers of all series of a target that is gone.
Status write_end(const ScrapeOptions& options, const Target& target, WallTime time,
                 SeriesMemory& memory, Work& work,
                 const std::function<void(ScrapeBatch::Request)>& on_request);

}  // namespace millrace::receivers::prometheus
