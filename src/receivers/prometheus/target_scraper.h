// Scrapes one target at its interval, on the loop of one worker. A scrape is a request, and long
// work on the response, which ends in requests to the intake. The next scrape waits for it.
//
// Shared by the list of targets and by long work that is suspended; used on that loop only.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "receivers/prometheus/options.h"
#include "receivers/prometheus/scrape_counters.h"
#include "receivers/prometheus/scrape_output.h"
#include "receivers/prometheus/target.h"
#include "receivers/prometheus/target_fetch.h"
#include "reception/receiver.h"
#include "reception/request_counters.h"

namespace millrace::receivers::prometheus {

// The parts that all targets of one worker use; outlives them.
struct ScrapeWorld {
  const reception::ReceiverParts& parts;
  reception::RequestCounters& requests;
  ScrapeCounters& counters;
};

class TargetScraper final : public std::enable_shared_from_this<TargetScraper> {
 public:
  // `options` must outlive it.
  TargetScraper(const ScrapeWorld& world, const ScrapeOptions& options, Target target);

  const Target& target() const { return target_; }
  // Begins with the next scrape that is due.
  void start();
  // Not nothing: scrapes fail with it, and nothing is asked.
  void refuse(std::optional<Error> error) { refusal_ = std::move(error); }
  // Scrapes no more. The collector ends, so no marker is written.
  void stop();
  // Scrapes no more, and writes markers for its series.
  void retire();

 private:
  void arm();
  void on_due();
  void on_response(Result<transport::WebResponse> response);
  void read(Result<transport::WebResponse>& response);
  Result<Bytes> plain_body(transport::WebResponse& response, Work& work);
  void report(const Result<ScrapeSummary>& summary, bool has_response);
  void submit(ScrapeBatch::Request request);
  void end_series();

  const ScrapeWorld world_;
  const ScrapeOptions& options_;
  const Target target_;
  TargetFetch fetch_;
  std::unique_ptr<io::Timer> timer_;
  SeriesMemory memory_;
  std::optional<Error> refusal_;
  MonotonicTime due_at_{};
  MonotonicTime asked_at_{};
  WallTime asked_wall_{};
  bool is_reading_ = false;
  bool is_stopped_ = false;
  bool is_retired_ = false;
};

}  // namespace millrace::receivers::prometheus
