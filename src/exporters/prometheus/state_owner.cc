#include "exporters/prometheus/state_owner.h"

#include <algorithm>
#include <utility>

namespace millrace::exporters {
namespace {

// Part of the budget that the series take where the configuration does not say.
constexpr size_t kBudgetShare = 4;
constexpr size_t kSweptAtOnce = 4096;
constexpr size_t kLargestShown = 3;

SeriesStore::Options store_options(const PrometheusOptions& options, const Budget& budget,
                                   bool keeps_utf8) {
  const size_t bytes_max =
      options.series_bytes_max == 0 ? budget.limit() / kBudgetShare : options.series_bytes_max;
  return {
      .bytes_max = bytes_max, .expiration = options.metric_expiration, .keeps_utf8 = keeps_utf8};
}

RefusalReport::Reasons reasons_here() {
  RefusalReport::Reasons reasons;
  reasons.set();
  for (const Refusal other : kRemoteWriteRefusals) reasons.reset(static_cast<size_t>(other));
  return reasons;
}

metrics::Counter& points_counter(const StateOwner::Parts& parts, std::string_view outcome) {
  return parts.metrics.counter("millrace_prometheus_points",
                               "Data points that the exporter has taken, by what became of them.",
                               {{"exporter", parts.name}, {"outcome", std::string(outcome)}});
}

}  // namespace

StateOwner::StateOwner(std::shared_ptr<const PrometheusOptions> options, Parts parts)
    : options_(std::move(options)),
      parts_(std::move(parts)),
      namer_(options_->strategy, options_->metric_namespace),
      store_(parts_.pool.budget(),
             KeyHasher(parts_.loop.random().next(), parts_.loop.random().next()),
             store_options(*options_, parts_.pool.budget(), namer_.keeps_utf8())),
      intake_(store_, namer_, options_->labels),
      refusals_(parts_.name, reasons_here(),
                {.counter = "millrace_prometheus_refused_points",
                 .help = "Data points that cannot be shown, by reason.",
                 .line = "points cannot be shown to Prometheus"},
                parts_.log, parts_.metrics),
      stored_(points_counter(parts_, "stored")),
      old_(points_counter(parts_, "old")),
      ended_(points_counter(parts_, "ended")),
      repaired_(parts_.metrics.counter(
          "millrace_prometheus_repaired_points",
          "Histograms whose count was not the sum of their buckets; the sum is shown.",
          {{"exporter", parts_.name}})),
      help_conflicts_(parts_.metrics.counter(
          "millrace_prometheus_help_conflicts",
          "Metrics whose description differs from the first one of their name, which is shown.",
          {{"exporter", parts_.name}})) {
  add_gauge("millrace_prometheus_series", "Series that are kept.", series_count_);
  add_gauge("millrace_prometheus_families", "Names of metrics that are kept.", family_count_);
  add_gauge("millrace_prometheus_series_bytes", "Memory of the series.", memory_bytes_);
  gauges_.push_back(parts_.metrics.counter_function(
      "millrace_prometheus_expired_series", "Series that were not heard of for metric_expiration.",
      {{"exporter", parts_.name}},
      [this] { return static_cast<double>(expired_count_.load(std::memory_order_relaxed)); }));
  sweep_timer_ = parts_.loop.make_timer([this] { sweep(); });
  sweep_timer_->arm_at(parts_.loop.now() + options_->metric_expiration / 8);
}

StateOwner::~StateOwner() = default;

void StateOwner::add_gauge(std::string_view name, std::string_view help,
                           const std::atomic<size_t>& value) {
  gauges_.push_back(parts_.metrics.gauge(name, help, {{"exporter", parts_.name}}, [&value] {
    return static_cast<double>(value.load(std::memory_order_relaxed));
  }));
}

void StateOwner::take(pipeline::Batch batch, Answer answer) {
  waiting_.push_back({std::move(batch), std::move(answer)});
  run_next();
}

void StateOwner::run_next() {
  if (is_taking_ || waiting_.empty()) return;
  is_taking_ = true;
  Job job = std::move(waiting_.front());
  waiting_.pop_front();
  const size_t bytes = job.batch.bytes.size();
  parts_.long_work.run(bytes, [this, job = std::move(job)]() mutable { run(std::move(job)); });
}

void StateOwner::run(Job job) {
  Work work = parts_.long_work.work();
  const TakenPoints taken = intake_.take(job.batch.bytes, parts_.loop.now(), work.pace);
  job.batch = {};
  is_taking_ = false;
  note_size();
  job.answer(account(taken));
  // In a turn of its own: this may be a task's stack.
  if (!waiting_.empty()) parts_.loop.post([this] { run_next(); });
}

pipeline::Outcome StateOwner::account(const TakenPoints& taken) {
  count(taken);
  if (taken.without_identity != 0 && !std::exchange(has_reported_identity_, true)) {
    parts_.log.warn(
        "a resource has neither service.name nor service.instance.id: series of different senders "
        "with the same attributes are one series; resource_constant_labels can tell them apart",
        {{"exporter", parts_.name}});
  }
  const RefusalReport::Reasons logged = refusals_.report(taken.refused, parts_.loop.now());
  if (logged[static_cast<size_t>(Refusal::kSeriesLimit)]) report_limit();
  const uint64_t refused = taken.refused.total();
  if (refused == 0) return {};
  return {
      .kind = pipeline::Outcome::Kind::kPartial,
      .rejected_count = refused,
      .error = {Code::kInvalidArgument, "points that cannot be shown: " + taken.refused.text()}};
}

void StateOwner::count(const TakenPoints& taken) {
  stored_.add(taken.stored);
  old_.add(taken.old);
  ended_.add(taken.ended);
  if (taken.repaired != 0) repaired_.add(taken.repaired);
  if (taken.help_conflicts != 0) help_conflicts_.add(taken.help_conflicts);
}

void StateOwner::report_limit() {
  std::string largest;
  for (const auto& [name, count] : store_.largest_families(kLargestShown)) {
    largest += (largest.empty() ? "" : ", ") + name + " " + std::to_string(count);
  }
  parts_.log.warn("no room for new series; these metrics have the most",
                  {{"exporter", parts_.name},
                   {"series", store_.series_count()},
                   {"bytes", store_.memory_bytes()},
                   {"max_series_bytes", store_.memory_bytes_max()},
                   {"largest", largest}});
}

void StateOwner::sweep() {
  const MonotonicTime now = parts_.loop.now();
  // The series must stay while a batch is under way.
  const bool is_over = is_taking_ || store_.sweep(now, kSweptAtOnce);
  note_size();
  sweep_timer_->arm_at(is_over ? now + options_->metric_expiration / 8 : now);
}

void StateOwner::note_size() {
  series_count_.store(store_.series_count(), std::memory_order_relaxed);
  family_count_.store(store_.families().size(), std::memory_order_relaxed);
  memory_bytes_.store(store_.memory_bytes(), std::memory_order_relaxed);
  expired_count_.store(store_.expired_count(), std::memory_order_relaxed);
}

PageReader::Piece StateOwner::next_piece(uint64_t page, const prometheus::Exposition& exposition) {
  std::unique_ptr<PageReader>& reader = pages_[page];
  if (reader == nullptr) {
    const auto names =
        namer_.keeps_utf8() ? prometheus::NameForm::kUtf8 : prometheus::NameForm::kPlain;
    reader = PageReader::open(store_, parts_.pool.budget(),
                              {.writer = {.exposition = exposition, .names = names},
                               .timestamps = options_->send_timestamps});
  }
  PageReader::Piece piece;
  if (reader == nullptr) {
    piece = {.bytes = {}, .is_last = true, .is_broken = true};
  } else {
    piece = reader->next(parts_.loop.now());
  }
  if (piece.is_last) pages_.erase(page);
  return piece;
}

}  // namespace millrace::exporters
