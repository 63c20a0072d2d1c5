#include "receivers/prometheus/scrape_output.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "receivers/prometheus/sample_collector.h"

namespace millrace::receivers::prometheus {
namespace {

constexpr size_t kPieceBytes = 16 << 10;
// A piece ends with a line where one ends this soon.
constexpr size_t kLineRestBytes = 4 << 10;
// otelcol's name for the scope of metrics that have none of their own.
constexpr std::string_view kScopeName =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver";

int64_t milliseconds_of(WallTime time) { return time.time_since_epoch().count() / 1'000'000; }

std::string_view first_piece(std::string_view body) {
  if (body.size() <= kPieceBytes) return body;
  const size_t end = body.substr(0, kPieceBytes + kLineRestBytes).find('\n', kPieceBytes - 1);
  return body.substr(0, end == std::string_view::npos ? kPieceBytes : end + 1);
}

struct Figures {
  bool is_up = false;
  Duration duration{};
  size_t scraped = 0;
  size_t kept = 0;
  size_t added = 0;
};

// The samples of the scrape itself, and their values.
struct Report {
  std::string_view name;
  std::string_view help;
  std::string_view unit;
};
constexpr std::array<Report, 5> kReports = {
    {{"up", "The scraping was successful", ""},
     {"scrape_duration_seconds", "Duration of the scrape", "seconds"},
     {"scrape_samples_scraped", "The number of samples the target exposed", ""},
     {"scrape_samples_post_metric_relabeling",
      "The number of samples remaining after metric relabeling was applied", ""},
     {"scrape_series_added", "The approximate number of new series in this scrape", ""}}};
std::array<double, kReports.size()> report_values(const Figures& figures) {
  return {figures.is_up ? 1.0 : 0.0, std::chrono::duration<double>(figures.duration).count(),
          static_cast<double>(figures.scraped), static_cast<double>(figures.kept),
          static_cast<double>(figures.added)};
}

// One attempt at a batch: with the samples of the body, or without.
class Attempt {
 public:
  // `recorder` may be null.
  Attempt(const ScrapeOptions& options, const Target& target, WallTime time, size_t bytes_max,
          Work& work, ReplayRecorder* recorder)
      : options_(options),
        target_(target),
        time_ms_(milliseconds_of(time)),
        work_(work),
        batch_(work, bytes_max),
        collector_({.rules = options.rules, .target_labels = target.labels, .time_ms = time_ms_},
                   batch_, recorder) {
    batch_.record(recorder);
  }

  Status parse(std::string_view body, Format format) {
    const auto parser = make_parser(format, options_.parser, collector_);
    while (!body.empty()) {
      const std::string_view piece = first_piece(body);
      body.remove_prefix(piece.size());
      if (Status fed = parser->feed(piece); !fed) return fed;
      work_.pace.step(4 * piece.size());
    }
    if (Status ended = parser->finish(); !ended) return ended;
    return collector_.finish();
  }

  Status add_reports(const Figures& figures) {
    const auto values = report_values(figures);
    for (size_t i = 0; i < kReports.size(); ++i) {
      const Report& report = kReports[i];
      Status added = collector_.add_report(report.name, report.help, report.unit, values[i]);
      if (!added) return added;
    }
    return {};
  }

  Status finish(const SeriesMemory& before, const SeriesMemory::Tracked& tracked,
                const std::function<void(ScrapeBatch::Request)>& on_request) {
    const auto time = nanoseconds_of_ms(time_ms_);
    if (Status added = before.add_markers(batch_, tracked, time, work_); !added) return added;
    const ScrapeBatch::Describe describe{
        .resource =
            [this](uint32_t resource) {
              const ResourceKey& key = batch_.tables().resources[resource];
              LabelList attributes =
                  resource_attributes(key.job, key.instance, target_.url.uses_tls);
              for (const auto& [name, value] : collector_.target_info(resource)) {
                const auto same = std::ranges::find(
                    attributes, name, [](const auto& a) -> const std::string& { return a.first; });
                if (same == attributes.end()) {
                  attributes.emplace_back(name, value);
                } else {
                  same->second = value;
                }
              }
              return attributes;
            },
        .scope = [this](const ScopeKey& key) { return collector_.scope_info(key); },
        .metric = [this](const MetricKey& key) { return collector_.text_of(key); },
        .default_scope_name = std::string(kScopeName),
        .default_scope_version = MILLRACE_VERSION,
        .trims_suffixes = options_.rules.trim_suffixes};
    return batch_.finish(describe, on_request);
  }

  ScrapeBatch& batch() { return batch_; }
  SampleCollector& collector() { return collector_; }

 private:
  const ScrapeOptions& options_;
  const Target& target_;
  const int64_t time_ms_;
  Work& work_;
  ScrapeBatch batch_;
  SampleCollector collector_;
};

// The requests of a body that differs from the last one in values alone. False: it differs
// otherwise, and nothing was handed on.
Result<bool> replay(const ScrapeReplay& form, const ScrapeResponse& response, Work& work,
                    const std::function<void(ScrapeBatch::Request)>& on_request) {
  const auto values = report_values({.is_up = true,
                                     .duration = response.duration,
                                     .scraped = form.figures().scraped,
                                     .kept = form.figures().kept});
  auto requests = form.write({.body = *response.body,
                              .format = response.format,
                              .time = nanoseconds_of_ms(milliseconds_of(response.time)),
                              .reports = values},
                             work);
  if (!requests) return fail(std::move(requests.error()));
  if (!*requests) return false;
  for (ScrapeBatch::Request& request : **requests) on_request(std::move(request));
  return true;
}

}  // namespace

Result<ScrapeSummary> write_scrape(const ScrapeOptions& options, const Target& target,
                                   const ScrapeResponse& response, const ScrapeLimits& limits,
                                   SeriesMemory& memory, Work& work,
                                   const std::function<void(ScrapeBatch::Request)>& on_request) {
  ScrapeSummary summary;
  if (memory.replay() && response.body) {
    const auto replayed = replay(*memory.replay(), response, work, on_request);
    if (!replayed) return fail(replayed.error());
    if (*replayed) {
      summary.scraped_count = memory.replay()->figures().scraped;
      summary.is_replayed = true;
      return summary;
    }
  }
  memory.keep(std::nullopt);
  std::optional<ReplayRecorder> recorder;
  if (memory.is_steady() && response.body) {
    recorder.emplace(*response.body, response.format, work.pool.budget());
  }
  std::optional<Attempt> attempt;
  const auto begin = [&](ReplayRecorder* records) {
    attempt.emplace(options, target, response.time, limits.points_bytes_max, work, records);
  };
  begin(recorder ? &*recorder : nullptr);
  Figures figures{.duration = response.duration};
  std::vector<uint64_t> series;
  summary.outcome = response.body ? attempt->parse(*response.body, response.format)
                                  : Status(fail(response.body.error()));
  if (summary.outcome) {
    SampleCollector& collector = attempt->collector();
    series = collector.take_series();
    std::ranges::sort(series, [&work](uint64_t a, uint64_t b) {
      work.pace.step(5);
      return a < b;
    });
    figures.is_up = true;
    figures.kept = collector.kept_count();
    figures.added = memory.count_new(series);
    summary.left_out_count = collector.left_out_count();
  }
  figures.scraped = summary.scraped_count = attempt->collector().scraped_count();
  if (!summary.outcome) {
    begin(nullptr);  // nothing of a body that is wrong somewhere is used
    series.clear();
  }
  if (Status added = attempt->add_reports(figures); !added) return fail(added.error());
  const SeriesMemory before = std::exchange(memory, SeriesMemory());
  const bool is_steady = summary.outcome && (before.empty() || figures.added == 0);
  const SeriesMemory::Tracked tracked = attempt->batch().tracked();
  summary.is_remembered =
      memory.remember(attempt->batch(), tracked, std::move(series), work.pool.budget());
  if (Status written = attempt->finish(before, tracked, on_request); !written) {
    return fail(written.error());
  }
  memory.set_steady(is_steady);
  if (recorder && is_steady && summary.left_out_count == 0 && summary.is_remembered) {
    memory.keep(recorder->finish({.scraped = figures.scraped, .kept = figures.kept}));
  }
  return summary;
}

Status write_end(const ScrapeOptions& options, const Target& target, WallTime time,
                 SeriesMemory& memory, Work& work,
                 const std::function<void(ScrapeBatch::Request)>& on_request) {
  const SeriesMemory before = std::exchange(memory, SeriesMemory());
  Attempt attempt(options, target, time, SIZE_MAX, work, nullptr);
  return attempt.finish(before, {}, on_request);
}

}  // namespace millrace::receivers::prometheus
